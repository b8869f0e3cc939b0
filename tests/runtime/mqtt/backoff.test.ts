import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Backoff } from '../../../runtime/mqtt/backoff';
import { ManualClock } from '../../support/manualClock';

describe('delays between attempts', () => {
  it('double from 1 s to 60 s, and spread over the whole of it', () => {
    const clock = new ManualClock();
    const longest = new Backoff(clock, () => 1 - Number.EPSILON);
    assert.deepEqual(
      Array.from({ length: 8 }, () => Math.round(longest.next())),
      [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000],
    );
    const shortest = new Backoff(clock, () => 0);
    assert.deepEqual([shortest.next(), shortest.next()], [0, 0]);
  });

  it('start again after a connection that lasted, not after one that was cut at once', () => {
    const clock = new ManualClock();
    const backoff = new Backoff(clock, () => 0.5);
    backoff.next();
    backoff.next();
    backoff.connected();
    clock.sleep(100);
    assert.equal(backoff.next(), 2000);
    backoff.connected();
    clock.sleep(10_000);
    assert.equal(backoff.next(), 500);
  });

  it('lie between nothing and 1 s × 2^n or a minute, in proportion to chance', () => {
    const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.array(chance, { minLength: 1, maxLength: 50 }), (chances) => {
        const values = chances.values();
        const backoff = new Backoff(new ManualClock(), () => values.next().value ?? 0);
        for (const [failures, share] of chances.entries()) {
          assert.equal(backoff.next(), share * Math.min(60_000, 1000 * 2 ** failures));
        }
      }),
    );
  });

  it('spread a thousand boxes evenly over the minute', () => {
    const delays = Array.from({ length: 1000 }, () => {
      const backoff = new Backoff(new ManualClock(), Math.random);
      for (let failure = 0; failure < 10; failure++) backoff.next();
      return backoff.next();
    });
    const tenths = delays.map((delay) => Math.floor(delay / 6000));
    // Binomial(1000, 0.1): 40 is more than six standard deviations from 100.
    for (let tenth = 0; tenth < 10; tenth++) assert.ok(tenths.filter((value) => value === tenth).length > 40);
  });

  it('never overflow, however long a broker is away', () => {
    const backoff = new Backoff(new ManualClock(), () => 0.5);
    for (let failure = 0; failure < 5000; failure++) backoff.next();
    assert.equal(backoff.next(), 30_000);
  });
});
