import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { followedWallClock } from '../../runtime/clock';

const HOUR = 3_600_000;

describe('the wall clock of a machine', () => {
  /** Both clocks of a machine, at a time that is told in milliseconds. */
  function machine() {
    let wallMinusMonotonic = 0;
    let millis = 0;
    const micros = followedWallClock(
      () => Math.floor(millis + wallMinusMonotonic),
      () => millis,
    );
    return {
      at: (monotonicMillis: number): number => {
        millis = monotonicMillis;
        return micros();
      },
      set: (offset: number): void => {
        wallMinusMonotonic = offset;
      },
    };
  }

  it('is followed when it is set, forwards and backwards', () => {
    const { at, set } = machine();
    for (const [atMillis, offset] of [
      [1000, 1_700_000_000_000],
      [2000, 1_700_000_000_000 + HOUR],
      [3000, 1_700_000_000_000 - 24 * HOUR],
      [4000, 20],
    ] as const) {
      set(offset);
      assert.ok(Math.abs(at(atMillis) - (atMillis + offset) * 1000) <= 500);
    }
  });

  it('is not taken for set when the process was held up between reading one clock and the other', () => {
    const walls = [1_000_000, 1_000_150, 1_000_100];
    const monotonics = [0, 100, 100, 100];
    const micros = followedWallClock(
      () => walls.shift() ?? 0,
      () => monotonics.shift() ?? 0,
    );
    assert.equal(micros(), 1_000_100_500);
  });

  it('runs to the microsecond between, and never backwards over the whole milliseconds of the machine', () => {
    const { at } = machine();
    const first = at(0.25);
    for (let step = 1; step < 5000; step++) assert.equal(at(0.25 + step * 0.137) - first, Math.round(step * 137));
  });
});
