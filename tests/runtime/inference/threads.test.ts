import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { planThreads, threadsFor } from '../../../runtime/inference/threads';

describe('the threads of an engine', () => {
  it('leave a core to the main thread from three cores on', () => {
    const threads = [1, 2, 3, 4, 8].map((cores) => planThreads({}, cores));
    assert.deepEqual(
      threads,
      [1, 2, 2, 3, 7].map((threadsPerWorker) => ({ workers: 1, threadsPerWorker, threadsOfSmall: 1 })),
    );
    assert.deepEqual(planThreads({ workers: 2 }, 8), { workers: 2, threadsPerWorker: 3, threadsOfSmall: 1 });
    assert.deepEqual(planThreads({ workers: 2, threadsPerWorker: 4 }, 8), {
      ...{ workers: 2, threadsPerWorker: 4, threadsOfSmall: 4 },
    });
  });

  it('are one for a small encoder, as long as nobody wishes for more', () => {
    const [mini, huge] = [{ fileBytes: 1_900_000 }, { fileBytes: 21_000_000 }];
    const [usual, wished] = [planThreads({}, 8), planThreads({ threadsPerWorker: 5 }, 8)];
    assert.deepEqual([threadsFor(mini, usual), threadsFor(huge, usual)], [1, 7]);
    assert.deepEqual([threadsFor(mini, wished), threadsFor(huge, wished)], [5, 5]);
  });

  it('are never more than there are cores, and at least one, whatever is wished for', () => {
    const wish = fc.option(fc.oneof(fc.integer({ min: -2, max: 40 }), fc.double()), { nil: undefined });
    fc.assert(
      fc.property(wish, wish, fc.integer({ min: 1, max: 32 }), (workers, threadsPerWorker, cores) => {
        const plan = planThreads({ workers, threadsPerWorker }, cores);
        assert.ok(Number.isInteger(plan.workers) && Number.isInteger(plan.threadsPerWorker));
        assert.ok(plan.workers >= 1 && plan.threadsPerWorker >= 1);
        assert.ok(plan.workers * plan.threadsPerWorker <= cores);
      }),
    );
  });
});
