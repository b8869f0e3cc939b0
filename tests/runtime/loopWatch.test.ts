import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LoopWatch } from '../../runtime/loopWatch';
import { ManualClock } from '../support/manualClock';

describe('the watch over the event loop', () => {
  it('tells once of each time that it was held up for a second or more, and not of less', async () => {
    const clock = new ManualClock();
    const told: number[] = [];
    const watch = new LoopWatch(clock, (blocked) => told.push(blocked));
    watch.start();
    await clock.advance(5000);
    clock.sleep(900);
    await clock.advance(5000);
    assert.deepEqual(told, []);
    for (const millis of [3000, 1500]) {
      clock.sleep(millis);
      await clock.advance(5000);
    }
    // Less the half second until it looks anyhow.
    assert.deepEqual(told, [2500, 1000]);
    watch.stop();
    assert.equal(clock.waiting, 0);
  });
});
