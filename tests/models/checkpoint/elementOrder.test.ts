import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { elementOrderOf, gather } from '../../../models/checkpoint/elementOrder';

describe('order of elements', () => {
  it('is contiguous in C order, whatever the strides of single elements are', () => {
    assert.equal(elementOrderOf('w', { shape: [2, 3, 4], strides: [12, 4, 1] }), 'contiguous');
    assert.equal(elementOrderOf('w', { shape: [1, 3, 1], strides: [77, 1, 5] }), 'contiguous');
    assert.equal(elementOrderOf('w', { shape: [], strides: [] }), 'contiguous');
    assert.equal(elementOrderOf('w', { shape: [0, 3], strides: [9, 9] }), 'contiguous');
  });

  it('is permuted when transposed or channels last', () => {
    assert.equal(elementOrderOf('w', { shape: [6, 4], strides: [1, 6] }), 'permuted');
    assert.equal(elementOrderOf('w', { shape: [1, 2, 3, 4], strides: [24, 1, 8, 2] }), 'permuted');
  });

  it('is refused when elements are repeated, skipped or overlap', () => {
    for (const view of [
      { shape: [4, 4], strides: [0, 1] },
      { shape: [2, 2], strides: [4, 1] },
      { shape: [4], strides: [2] },
      { shape: [3, 3], strides: [1, 1] },
    ]) {
      assert.throws(() => elementOrderOf('w', view), { code: 'CHECKPOINT_LAYOUT', message: /w has the shape/ });
    }
  });

  it('gathers by the definition of strides, for elements of 2, 4 and 8 bytes', () => {
    const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(shapes, fc.infiniteStream(fc.nat()), (stored, order) => {
        // Dimensions as stored are contiguous; those of the tensor are the same in another order.
        const axes = stored
          .map((_, axis) => ({ axis, rank: order.next().value ?? 0 }))
          .sort((a, b) => a.rank - b.rank)
          .map(({ axis }) => axis);
        const strideOf = (axis: number) => stored.slice(axis + 1).reduce((product, size) => product * size, 1);
        const shape = axes.map((axis) => stored[axis] ?? 0);
        const strides = axes.map(strideOf);
        const elements = strideOf(-1);
        const expected = Array.from({ length: elements }, (_, index) => elementAt(index, { shape, strides }));
        const positions = Array.from({ length: elements }, (_, index) => index);
        const view = { shape, strides };
        const short = gather(bytesOf(Uint16Array.from(positions)), { ...view, elementBytes: 2 });
        const word = gather(bytesOf(Float32Array.from(positions)), { ...view, elementBytes: 4 });
        const long = gather(bytesOf(BigInt64Array.from(positions, (value) => BigInt(value))), {
          ...view,
          elementBytes: 8,
        });
        assert.deepEqual([...new Uint16Array(short.buffer)], expected);
        assert.deepEqual([...new Float32Array(word.buffer)], expected);
        assert.deepEqual([...new BigInt64Array(long.buffer)].map(Number), expected);
      }),
    );
  });
});

function bytesOf(elements: Uint16Array | Float32Array | BigInt64Array): Uint8Array {
  return new Uint8Array(elements.buffer);
}

/** Position in the storage of the element that is `index`-th in C order. */
function elementAt(
  index: number,
  { shape, strides }: { readonly shape: readonly number[]; readonly strides: readonly number[] },
): number {
  let rest = index;
  let position = 0;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] ?? 1;
    position += (rest % size) * (strides[axis] ?? 0);
    rest = Math.floor(rest / size);
  }
  return position;
}
