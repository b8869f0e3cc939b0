import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  columnMagnitudes,
  packColumns,
  packRows,
  rowMagnitudes,
  scalesFor,
} from '../../../../models/onnx/quantize/packing';
import { smoothingFactors } from '../../../../models/onnx/quantize/smoothing';

const SIZE = { rows: 2, columns: 3 };
const MATRIX = Float32Array.of(127, -0.5, 0, -63.5, 0.25, 0);

/** Any matrix of up to 6 × 6, its numbers up to 1e6 and down to the smallest. */
const matrices = fc.record({ rows: fc.nat(5), columns: fc.nat(5) }).chain(({ rows, columns }) => {
  const length = (rows + 1) * (columns + 1);
  const number = fc.oneof(fc.float({ min: -1e6, max: 1e6, noNaN: true }), fc.constant(0));
  return fc.record({
    rows: fc.constant(rows + 1),
    columns: fc.constant(columns + 1),
    numbers: fc.array(number, { minLength: length, maxLength: length }).map((list) => Float32Array.from(list)),
  });
});

describe('weights in 8 bits', () => {
  it('are what a small case gives by hand: 127 over the largest of each column', () => {
    const scales = scalesFor(columnMagnitudes(MATRIX, { ...SIZE, factors: undefined }));
    assert.deepEqual([...scales], [1, Math.fround(0.5 / 127), 1]);
    const packed = packColumns(MATRIX, { ...SIZE, factors: undefined, scales, target: new Int8Array(6) });
    // −63.5 is a tie, which may go either way; 0.25 is 63.5 steps, up to the rounding of the scale.
    assert.deepEqual([...packed].map(Math.abs), [127, 127, 0, Math.abs(packed[3] ?? 0), Math.abs(packed[4] ?? 0), 0]);
    assert.ok([63, 64].includes(-(packed[3] ?? 0)) && [63, 64].includes(packed[4] ?? 0), String(packed));
  });

  it('of a table have a scale a row', () => {
    const scales = scalesFor(rowMagnitudes(MATRIX, SIZE));
    assert.deepEqual([...scales], [1, 0.5]);
    const packed = packRows(MATRIX, { ...SIZE, scales, target: new Int8Array(6) });
    assert.deepEqual([...packed].slice(0, 4), [127, packed[1], 0, -127]);
  });

  it('are at most half a step off, and never −128', () => {
    fc.assert(
      fc.property(matrices, ({ rows, columns, numbers }) => {
        const size = { rows, columns };
        const scales = scalesFor(columnMagnitudes(numbers, { ...size, factors: undefined }));
        const target = new Int8Array(numbers.length);
        const packed = packColumns(numbers, { ...size, factors: undefined, scales, target });
        for (const [at, number] of numbers.entries()) {
          const step = scales[at % columns]!;
          assert.ok(Math.abs(packed[at]! * step - number) <= step * 0.50001, `${number} as ${packed[at]} × ${step}`);
          assert.ok(packed[at]! > -128);
        }
      }),
    );
  });

  it('with factors are those of the matrix whose rows were multiplied before', () => {
    fc.assert(
      fc.property(
        matrices,
        fc.array(fc.constantFrom(0.25, 0.5, 2, 8), { minLength: 6, maxLength: 6 }),
        (matrix, list) => {
          const { rows, columns, numbers } = matrix;
          // Powers of two: the product is exact, so that both ways give the very same.
          const factors = Float32Array.from(list.slice(0, rows));
          const multiplied = numbers.map((number, at) => number * factors[Math.floor(at / columns)]!);
          const scales = scalesFor(columnMagnitudes(numbers, { rows, columns, factors }));
          const plain = { rows, columns, factors: undefined };
          assert.deepEqual(scales, scalesFor(columnMagnitudes(multiplied, plain)));
          const target = () => new Int8Array(numbers.length);
          assert.deepEqual(
            packColumns(numbers, { rows, columns, factors, scales, target: target() }),
            packColumns(multiplied, { ...plain, scales, target: target() }),
          );
        },
      ),
    );
  });

  it('smooth a channel by the root of activation over weight, leave a silent one alone, and do away with an unheard one', () => {
    // arXiv:2211.10438, eq. 4 with α = 0.5: √16 / √4 = 2; √9 / √(1/4) = 6.
    assert.deepEqual(
      [...smoothingFactors(Float32Array.of(16, 9, 0, 5, Number.NaN), Float32Array.of(4, 0.25, 1, 0, 1))],
      [2, 6, 1, 2 ** 16, 1],
    );
  });
});
