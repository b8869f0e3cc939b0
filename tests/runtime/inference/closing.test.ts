import assert from 'node:assert/strict';
import { once } from 'node:events';
import { truncate } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import type { Worker } from 'node:worker_threads';
import { Engine } from '../../../runtime/inference/engine';
import { WorkerHost } from '../../../runtime/inference/workerHost';
import { FAULTY_RUNTIME, RuntimeFaults } from '../../support/faultyRuntime';
import { type GoldenMotion, goldenMotion, repeated } from '../../support/goldenMotion';
import { ManualClock } from '../../support/manualClock';
import { refused } from '../../support/refused';
import { type TinyBundle, tinyBundle } from '../../support/tinyBundle';

/** The threads that start while `action` runs. */
async function startedBy(action: () => Promise<unknown> | unknown): Promise<readonly Worker[]> {
  const workers: Worker[] = [];
  const note = (worker: Worker): number => workers.push(worker);
  process.on('worker', note);
  try {
    await action();
    // The event comes after the thread was started.
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off('worker', note);
  }
  return workers;
}

describe('closing an engine', () => {
  let tiny: TinyBundle;
  let motion: GoldenMotion;
  before(async () => {
    tiny = await tinyBundle();
    motion = await goldenMotion();
  });
  after(() => tiny.remove());

  it('rejects what is open and what comes later, ends the thread, and may be done twice', async () => {
    let engine: Engine | undefined;
    const [worker] = await startedBy(async () => {
      engine = await Engine.open(tiny.bundle);
    });
    const ended = once(worker!, 'exit');
    const requests = [repeated(motion.input, 20), motion.input].map((input) =>
      assert.rejects(engine!.encode('imu', input), refused('ENGINE_CLOSED')),
    );
    await Promise.all([engine!.close(), engine!.close(), ...requests, ended]);
    await engine!.close();
    await assert.rejects(engine!.encode('imu', motion.input), refused('ENGINE_CLOSED'));
    await assert.rejects(engine!.prepare('imu', motion.input), refused('ENGINE_CLOSED'));
    const { state, frames, modalities } = engine!.stats();
    assert.deepEqual([state, frames.inUse, modalities['imu']!.closed], ['closed', 0, 3]);
  });

  it('begins no further call of a long request', async () => {
    const faults = new RuntimeFaults();
    const engine = await Engine.open(tiny.bundle, { runtimeModule: FAULTY_RUNTIME, modalities: ['imu'] });
    faults.make('block', 'cpu run');
    const running = assert.rejects(engine.encode('imu', repeated(motion.input, 50)), refused('ENGINE_CLOSED'));
    await faults.untilBlocked();
    const closed = engine.close();
    await running;
    faults.unblock();
    await closed;
    assert.deepEqual([faults.count('runs'), faults.count('released')], [1, 1]);
  });

  it('ends though a call does not come back, and ends the thread when it does', async () => {
    const faults = new RuntimeFaults();
    const clock = new ManualClock();
    let engine: Engine | undefined;
    const [worker] = await startedBy(async () => {
      engine = await Engine.open(tiny.bundle, { runtimeModule: FAULTY_RUNTIME, modalities: ['imu'], clock });
    });
    faults.make('block', 'cpu run');
    const running = assert.rejects(engine!.encode('imu', motion.input), refused('ENGINE_CLOSED'));
    await faults.untilBlocked();
    let closed: boolean = false;
    const closing = engine!.close().then(() => {
      closed = true;
    });
    await running;
    await clock.advance(29_999);
    assert.equal(closed, false);
    await clock.advance(1);
    await closing;
    // Its memory is still read.
    assert.equal(engine!.stats().frames.inUse, 1);
    let ended: boolean = false;
    worker!.once('exit', () => {
      ended = true;
    });
    await clock.advance(500);
    assert.equal(ended, false);
    faults.unblock();
    while (!ended) await clock.advance(500);
    assert.equal(engine!.stats().frames.inUse, 0);
  });

  it('ends a worker that is only just starting', async () => {
    const faults = new RuntimeFaults();
    const clock = new ManualClock();
    const setup = {
      runtimeModule: FAULTY_RUNTIME,
      threads: { threadsPerWorker: 1, threadsOfSmall: 1 },
      providers: undefined,
      encoders: {},
      chosenPresets: {},
      tokenizerPath: undefined,
      deviceCache: undefined,
      memory: undefined,
    };
    const host = new WorkerHost({
      name: 'test',
      clock,
      setup,
      queueLimit: 1,
      onProvider: () => {},
      onChange: () => {},
    });
    let starting: Promise<void> | undefined;
    const [worker] = await startedBy(() => {
      starting = assert.rejects(host.start(), refused('ENGINE_CLOSED'));
    });
    const ended = once(worker!, 'exit');
    await Promise.all([host.close(), starting, ended]);
    assert.equal(host.status.state, 'closed');
    assert.equal(faults.count('cpu created'), 0);
  });

  it('waits for an encoder that is being loaded', async () => {
    const faults = new RuntimeFaults();
    const engine = await Engine.open(tiny.bundle, { runtimeModule: FAULTY_RUNTIME });
    faults.make('block', 'cpu create');
    const rejected = assert.rejects(engine.encode('imu', motion.input), refused('ENGINE_CLOSED'));
    await faults.untilBlocked();
    assert.equal(engine.stats().workers[0]?.activity, 'creating');
    const closed = engine.close();
    await rejected;
    faults.unblock();
    await closed;
    assert.deepEqual([faults.count('runs'), faults.count('released')], [0, 1]);
  });

  it('ends all workers when the engine cannot open because of one', async () => {
    const own = await tinyBundle();
    const { bundle } = own;
    await truncate(bundle.pathOf(bundle.manifest.encoders['imu']!.model), 1000);
    const workers = await startedBy(async () => {
      const opening = Engine.open(bundle, { workers: 2, modalities: ['imu', 'vision'] });
      await assert.rejects(opening, refused('ENCODE_FAILED'));
    });
    assert.ok(workers.length > 0);
    assert.deepEqual(
      workers.map(({ threadId }) => threadId),
      workers.map(() => -1),
    );
    await own.remove();
  });
});
