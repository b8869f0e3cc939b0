import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BatchOrder, mixed } from '../../../models/training/batchOrder';
import { refused } from '../../support/refused';

const sizes = fc
  .record({ batch: fc.integer({ min: 1, max: 12 }), extra: fc.nat(60), seed: fc.nat() })
  .map(({ batch, extra, seed }) => ({ batch, count: batch + extra, seed }));

test('a round takes no example twice, and leaves out less than a batch', () => {
  fc.assert(
    fc.property(sizes, fc.nat(5), (options, round) => {
      const order = new BatchOrder(options);
      const batches = Math.floor(options.count / options.batch);
      const taken = Array.from({ length: batches }, (_, index) => [...order.at(round * batches + index)]);
      assert.ok(taken.every((indices) => indices.length === options.batch));
      const distinct = new Set(taken.flat());
      assert.equal(distinct.size, batches * options.batch);
      assert.ok([...distinct].every((index) => index < options.count));
    }),
  );
});

test('a step takes the same examples whatever was asked before', () => {
  fc.assert(
    fc.property(sizes, fc.array(fc.nat(100), { minLength: 1, maxLength: 10 }), (options, steps) => {
      const order = new BatchOrder(options);
      for (const step of steps) assert.deepEqual([...order.at(step)], [...new BatchOrder(options).at(step)]);
    }),
  );
});

test('rounds and seeds have orders of their own', () => {
  const options = { count: 64, batch: 64, seed: 1 };
  const order = new BatchOrder(options);
  const orders = [0, 1, 2].map((step) => order.at(step).join());
  orders.push(new BatchOrder({ ...options, seed: 2 }).at(0).join());
  assert.equal(new Set(orders).size, 4);
  const seeds = Array.from({ length: 100 }, (_, seed) =>
    Array.from({ length: 100 }, (_unused, place) => mixed(seed, place)),
  );
  assert.ok(new Set(seeds.flat()).size > 9990);
});

test('fewer examples than a batch are refused', () => {
  assert.throws(() => new BatchOrder({ count: 7, batch: 8, seed: 1 }), refused('INPUT_INVALID', /at least 8.*found 7/));
});
