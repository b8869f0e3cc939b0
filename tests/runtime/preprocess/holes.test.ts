import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { HoleFiller } from '../../../runtime/preprocess/holes';

/** Squared distance from a pixel to the nearest one that is not NaN, by looking at all of them. */
function nearestDistance(values: Float32Array, width: number, at: number): number {
  let nearest = Number.POSITIVE_INFINITY;
  values.forEach((value, other) => {
    if (Number.isNaN(value)) return;
    nearest = Math.min(nearest, squaredDistance(at, other, width));
  });
  return nearest;
}

function squaredDistance(left: number, right: number, width: number): number {
  const rows = Math.floor(left / width) - Math.floor(right / width);
  const columns = (left % width) - (right % width);
  return rows * rows + columns * columns;
}

/** Frames whose valid pixels hold their own position, with holes anywhere and at least one valid pixel. */
const frames = fc
  .tuple(fc.integer({ min: 1, max: 17 }), fc.integer({ min: 1, max: 17 }), fc.infiniteStream(fc.nat(9)), fc.nat(9))
  .map(([width, height, draws, holes]) => {
    const values = Float32Array.from({ length: width * height }, (_, at) =>
      draws.next().value < holes ? Number.NaN : at,
    );
    if (values.every(Number.isNaN)) values[values.length >> 1] = values.length >> 1;
    return { width, values };
  });

describe('hole filling', () => {
  it('gives each hole the value of a pixel that is as near as any, and leaves the others alone', () => {
    const reused = new HoleFiller();
    fc.assert(
      fc.property(frames, ({ width, values }) => {
        const filled = values.slice();
        reused.fill(filled, width);
        filled.forEach((source, at) => {
          if (!Number.isNaN(values[at])) {
            assert.equal(source, at);
            return;
          }
          assert.equal(values[source], source, 'a value of the frame');
          const extra = Math.sqrt(squaredDistance(at, source, width)) - Math.sqrt(nearestDistance(values, width, at));
          assert.ok(extra < 0.1, `${extra} pixels farther than the nearest`);
        });
      }),
      { numRuns: 300 },
    );
  });

  it('fills a frame that has one valid pixel in a corner', () => {
    for (const corner of [0, 29, 570, 599]) {
      const values = new Float32Array(600).fill(Number.NaN);
      values[corner] = 7;
      new HoleFiller().fill(values, 30);
      assert.ok(values.every((value) => value === 7));
    }
  });
});
