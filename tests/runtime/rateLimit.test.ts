import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { RateLimit } from '../../runtime/rateLimit';
import { ManualClock } from '../support/manualClock';

function passed(gapsMillis: readonly number[], maxRateHz: number): number {
  const clock = new ManualClock();
  const limit = new RateLimit({ clock, maxRateHz });
  return gapsMillis.filter((gap) => {
    clock.sleep(gap);
    return limit.pass();
  }).length;
}

describe('a rate limit', () => {
  it('lets windows through that come at the very rate, give or take a little', () => {
    const gaps = Array.from({ length: 100 }, (_, index) => 500 + (index % 2 === 0 ? 30 : -30));
    assert.equal(passed(gaps, 2), 100);
  });

  it('never lets through more than its rate', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 900 }), { maxLength: 200 }), (gaps) => {
        const seconds = gaps.slice(1).reduce((sum, gap) => sum + gap, 0) / 1000;
        assert.ok(passed(gaps, 2) <= 2 * seconds + 1.5);
      }),
    );
  });

  it('lets everything through without a limit', () => {
    assert.equal(passed([1, 0, 0, 0], Number.POSITIVE_INFINITY), 4);
  });
});
