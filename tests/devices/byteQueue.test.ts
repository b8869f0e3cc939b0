import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Arrivals, byteMicros } from '../../devices/arrivals';
import { ByteQueue } from '../../devices/byteQueue';

describe('a queue of bytes', () => {
  it('gives the bytes that went in, in their order, like an array that is cut at its start', () => {
    const step = fc.oneof(
      fc.uint8Array({ maxLength: 600 }).map((bytes) => ({ append: bytes })),
      fc.nat(700).map((count) => ({ skip: count })),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.nat(255), (steps, byte) => {
        const queue = new ByteQueue();
        let model: number[] = [];
        for (const one of steps) {
          if ('append' in one) {
            queue.append(one.append);
            model.push(...one.append);
          } else {
            queue.skip(one.skip);
            model = model.slice(one.skip);
          }
          assert.equal(queue.length, model.length);
          assert.deepEqual([...queue.view()], model);
          assert.deepEqual([...queue.view(3, 5)], model.slice(3, 8));
          const place = model.indexOf(byte, 2);
          assert.equal(queue.indexOf(byte, 2), place < 0 ? Math.max(model.length, 0) : place);
        }
      }),
    );
  });
});

describe('arrivals', () => {
  it('says when the first byte of a frame came, from when its chunks did and how fast the line is', () => {
    const arrivals = new Arrivals(byteMicros(10_000));
    arrivals.append(4, 10_000);
    arrivals.append(10, 30_000);
    // Three bytes came after the first one, a millisecond each.
    assert.equal(arrivals.take(2), 7000);
    assert.equal(arrivals.take(2), 9000);
    assert.equal(arrivals.take(10), 21_000);
    arrivals.append(40, 40_000);
    // The line is not that fast: it was not there when the chunk before came.
    assert.equal(arrivals.take(40), 30_000);
  });

  it('takes the arrival of the chunk where the line is not known', () => {
    const arrivals = new Arrivals(0);
    arrivals.append(4, 10);
    arrivals.append(4, 20);
    assert.deepEqual([arrivals.take(3), arrivals.take(3), arrivals.take(2)], [10, 10, 20]);
  });
});
