import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { applyShift, erase, maskBands, NoiseTable, type Planes, randomShift } from '../../../models/training/augment';
import { SeededNumbers } from '../../../models/training/seededNumbers';

const planes = fc.record({
  channels: fc.integer({ min: 1, max: 3 }),
  height: fc.integer({ min: 1, max: 20 }),
  width: fc.integer({ min: 1, max: 20 }),
});

/** Numbers that are all different: half of them small, half of them large, so that no mean of many is one of them. */
function ramp({ channels, height, width }: Planes): Float32Array {
  const length = channels * height * width;
  return Float32Array.from({ length }, (_, index) => (2 * index < length ? index : 10_000 + index));
}

/** Rows and columns of one plane that have changed, from the first to the last; the same in every plane. */
function changed(before: Float32Array, after: Float32Array, { channels, height, width }: Planes) {
  const perPlane = Array.from({ length: channels }, (_, channel) =>
    Array.from({ length: height * width }, (_unused, index) => index).filter((index) => {
      const place = channel * height * width + index;
      return before[place] !== after[place];
    }),
  );
  for (const indices of perPlane) assert.deepEqual(indices, perPlane[0]);
  return perPlane[0]!.map((index) => ({ row: Math.floor(index / width), column: index % width }));
}

test('one shift moves what several sensors see by the same share', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const shift = randomShift(new SeededNumbers(seed), 0.2);
      const [large, small] = [64, 32].map((side) => {
        const item = new Float32Array(3 * side * side);
        const middle = (side / 2) * side + side / 2;
        for (let channel = 0; channel < 3; channel++) item[channel * side * side + middle] = 1;
        applyShift(item, { channels: 3, height: side, width: side }, shift);
        const places = [...item.keys()].filter((index) => item[index] === 1);
        assert.equal(places.length, 3);
        const place = places[0]!;
        assert.deepEqual(places, [place, place + side * side, place + 2 * side * side]);
        return { down: Math.floor(place / side) / side - 0.5, right: (place % side) / side - 0.5 };
      });
      for (const axis of ['down', 'right'] as const) {
        // Half a pixel each: rounding to whole ones.
        assert.ok(Math.abs(large![axis] - shift[axis]) <= 0.5 / 64 + 1e-9);
        assert.ok(Math.abs(small![axis] - shift[axis]) <= 0.5 / 32 + 1e-9);
        assert.ok(Math.abs(shift[axis]) <= 0.2);
      }
    }),
  );
});

test('a shift repeats the edge, and none changes nothing', () => {
  const item = Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  applyShift(item, { channels: 1, height: 3, width: 3 }, { down: 1 / 3, right: -1 / 3 });
  assert.deepEqual([...item], [2, 3, 3, 2, 3, 3, 5, 6, 6]);
  const still = ramp({ channels: 2, height: 3, width: 4 });
  applyShift(still, { channels: 2, height: 3, width: 4 }, { down: 0.1, right: -0.1 });
  assert.deepEqual(still, ramp({ channels: 2, height: 3, width: 4 }));
});

test('erasing blanks one rectangle of at most a third of each side with the mean', () => {
  fc.assert(
    fc.property(planes, fc.nat(), (size, seed) => {
      const [before, after] = [ramp(size), ramp(size)];
      erase(after, size, new SeededNumbers(seed));
      const mean = Math.fround(before.reduce((sum, number) => sum + number, 0) / before.length);
      const cells = changed(before, after, size);
      assertRectangle(cells, after, { ...size, mean });
      const tall = new Set(cells.map(({ row }) => row)).size;
      const wide = new Set(cells.map(({ column }) => column)).size;
      assert.ok(tall <= Math.max(1, size.height / 3) && wide <= Math.max(1, size.width / 3), `${tall} × ${wide}`);
    }),
  );
});

/** Exactly the cells of a rectangle hold the mean. A single number is its own mean, and does not change. */
function assertRectangle(
  cells: readonly { readonly row: number; readonly column: number }[],
  after: Float32Array,
  { height, width, channels, mean }: Planes & { readonly mean: number },
): void {
  if (height * width * channels === 1) return;
  const rows = cells.map(({ row }) => row);
  const columns = cells.map(({ column }) => column);
  const area = (Math.max(...rows) - Math.min(...rows) + 1) * (Math.max(...columns) - Math.min(...columns) + 1);
  assert.equal(cells.length, area);
  for (const { row, column } of cells) {
    assert.ok(Math.abs(after[row * width + column]! - mean) <= 1e-5 * mean);
  }
}

test('bands are no wider than asked, and go from edge to edge; sizes stay', () => {
  fc.assert(
    fc.property(planes, fc.nat(25), fc.nat(25), fc.nat(), (size, rows, columns, seed) => {
      const [before, after] = [ramp(size), ramp(size)];
      maskBands(after, size, { rows, columns, random: new SeededNumbers(seed) });
      assert.equal(after.length, before.length);
      const cells = changed(before, after, size);
      const inRow = (wanted: number): number => cells.filter(({ row }) => row === wanted).length;
      const inColumn = (wanted: number): number => cells.filter(({ column }) => column === wanted).length;
      const fullRows = [...Array(size.height).keys()].filter((row) => inRow(row) === size.width).length;
      const fullColumns = [...Array(size.width).keys()].filter((column) => inColumn(column) === size.height).length;
      // Every changed cell lies in a band; where all is masked, every row and column is full.
      for (const { row, column } of cells) {
        assert.ok(inRow(row) === size.width || inColumn(column) === size.height);
      }
      if (fullColumns < size.width) assert.ok(fullRows <= rows);
      if (fullRows < size.height) assert.ok(fullColumns <= columns);
    }),
  );
});

test('noise has the deviation that was asked for, and is another each time', () => {
  const table = new NoiseTable(1);
  const random = new SeededNumbers(2);
  const [first, second] = [new Float32Array(50_000).fill(3), new Float32Array(50_000).fill(3)];
  table.add(first, { deviation: 0.5, random });
  table.add(second, { deviation: 0.5, random });
  const mean = first.reduce((sum, number) => sum + number, 0) / first.length;
  const variance = first.reduce((sum, number) => sum + (number - mean) ** 2, 0) / first.length;
  // Five standard errors: 0.5/√50000 = 0.0022 for the mean, half of that for the deviation, √½ times.
  assert.ok(Math.abs(mean - 3) < 0.012 && Math.abs(Math.sqrt(variance) - 0.5) < 0.008, `${mean} ${variance}`);
  assert.notDeepEqual(first, second);
});
