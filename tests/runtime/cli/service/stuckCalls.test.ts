import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StuckCalls } from '../../../../runtime/cli/service/stuckCalls';
import type { Millis } from '../../../../runtime/clock';
import type { Activity } from '../../../../runtime/inference/quiesce';
import { ManualClock } from '../../../support/manualClock';

describe('a call that does not come back', () => {
  function watch() {
    const clock = new ManualClock();
    const worker: { activity: Activity; calls: number } = { activity: 'idle', calls: 0 };
    let stuck = 0;
    const calls = new StuckCalls({
      clock,
      limit: 10_000 as Millis,
      workers: () => [{ activity: 'idle', calls: 7 }, worker],
      onStuck: () => stuck++,
    });
    calls.start();
    return { clock, worker, calls, stuck: () => stuck };
  }

  it('is told once, after the limit', async () => {
    const { clock, worker, stuck } = watch();
    worker.activity = 'running';
    await clock.advance(11_000);
    assert.equal(stuck(), 0);
    await clock.advance(2000);
    assert.equal(stuck(), 1);
    await clock.advance(60_000);
    assert.deepEqual([stuck(), clock.waiting], [1, 0]);
  });

  it('is not one of many short calls, a pause, or the loading of an encoder', async () => {
    const { clock, worker, calls, stuck } = watch();
    for (worker.calls = 0; worker.calls < 60; worker.calls++) {
      worker.activity = 'running';
      await clock.advance(1000);
    }
    for (const activity of ['idle', 'creating', 'probing', 'preparing'] as const) {
      worker.activity = activity;
      await clock.advance(60_000);
    }
    worker.activity = 'running';
    await clock.advance(9000);
    assert.equal(stuck(), 0);
    calls.stop();
    assert.equal(clock.waiting, 0);
  });

  it('is not seen in a call that was new when the event loop came round after a long pause', async () => {
    const { clock, worker, stuck } = watch();
    worker.activity = 'running';
    await clock.advance(1000);
    clock.sleep(60_000);
    worker.calls++;
    await clock.advance(1000);
    assert.equal(stuck(), 0);
  });
});
