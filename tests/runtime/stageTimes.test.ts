import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Rate } from '../../runtime/rate';
import { StageTimes } from '../../runtime/stageTimes';
import { ManualClock } from '../support/manualClock';

describe('the times of stages', () => {
  it('are quantiles of the newest by nearest rank, with the sum and number of all', () => {
    const times = new StageTimes();
    assert.deepEqual(times.snapshot(), {});
    for (let micros = 1; micros <= 100; micros++) times.add('forward', micros);
    times.add('score', -5);
    assert.deepEqual(times.snapshot(), {
      forward: { p50Micros: 50, p95Micros: 95, count: 100, sumMicros: 5050 },
      score: { p50Micros: 0, p95Micros: 0, count: 1, sumMicros: 0 },
    });
  });
});

describe('a rate', () => {
  it('is what came in the ten whole seconds before, divided by them', async () => {
    const step = fc.record({
      pauseMillis: fc.integer({ min: 0, max: 15_000 }),
      amount: fc.integer({ min: 0, max: 9 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const clock = new ManualClock();
        const rate = new Rate(clock);
        const came: { readonly second: number; readonly amount: number }[] = [];
        for (const { pauseMillis, amount } of steps) {
          clock.sleep(pauseMillis);
          rate.add(amount);
          const second = Math.floor(clock.monotonicMicros() / 1e6);
          came.push({ second, amount });
          const before = came.filter((one) => one.second < second && one.second >= second - 10);
          const expected = before.reduce((sum, one) => sum + one.amount, 0) / Math.max(1, Math.min(10, second));
          assert.ok(Math.abs(rate.perSecond() - expected) < 1e-9);
        }
      }),
    );
  });
});
