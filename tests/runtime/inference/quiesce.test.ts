import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Millis } from '../../../runtime/clock';
import { WorkerFlags } from '../../../runtime/inference/quiesce';

const AT_ONCE = 0 as Millis;

/** Both threads see the same memory; that it works between threads is shown by endings.test.ts. */
function bothSides(): { readonly main: WorkerFlags; readonly worker: WorkerFlags } {
  const main = new WorkerFlags();
  return { main, worker: new WorkerFlags(main.buffer) };
}

describe('the flags of a worker', () => {
  it('show what it does, and that it is done, also after a failure', async () => {
    const { main, worker } = bothSides();
    assert.equal(main.activity, 'idle');
    assert.equal(await worker.during('creating', () => main.activity), 'creating');
    assert.equal(main.activity, 'idle');
    const failing = worker.during('running', async () => {
      await Promise.resolve();
      assert.equal(main.activity, 'running');
      throw new Error('planned');
    });
    await assert.rejects(failing, /planned/);
    assert.equal(main.activity, 'idle');
  });

  it('keep it out of every call once it is told to stop, and let the one in flight end', async () => {
    const { main, worker } = bothSides();
    const inFlight = worker.during('running', async () => {
      main.forbid();
      assert.equal(main.waitUntilIdle(AT_ONCE), false);
      await Promise.resolve();
      return 'done';
    });
    assert.equal(await inFlight, 'done');
    assert.equal(main.waitUntilIdle(AT_ONCE), true);
    let entered: boolean = false;
    const next = worker.during('running', () => {
      entered = true;
    });
    assert.equal(await Promise.race([next, new Promise((resolve) => setImmediate(resolve, 'still out'))]), 'still out');
    assert.equal(entered, false);
    assert.equal(main.activity, 'idle');
  });
});
