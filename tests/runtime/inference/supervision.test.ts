import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Engine, type EngineOptions } from '../../../runtime/inference/engine';
import { FAULTY_RUNTIME, type Fault, RuntimeFaults } from '../../support/faultyRuntime';
import { type GoldenMotion, goldenMotion, repeated } from '../../support/goldenMotion';
import { ManualClock } from '../../support/manualClock';
import { refused } from '../../support/refused';
import { StatusWatch } from '../../support/statusWatch';
import { type TinyBundle, tinyBundle } from '../../support/tinyBundle';

/** Within this much time a worker must be started again (reference/anchors.md, fault row F17). */
const RESTART_MILLIS = 5000;

describe('a worker that dies', () => {
  let tiny: TinyBundle;
  let motion: GoldenMotion;
  before(async () => {
    tiny = await tinyBundle();
    motion = await goldenMotion();
  });
  after(() => tiny.remove());

  async function open(options: EngineOptions = {}) {
    const faults = new RuntimeFaults();
    const clock = new ManualClock();
    const watch = new StatusWatch();
    const { onStatus } = watch;
    const engine = await Engine.open(tiny.bundle, { runtimeModule: FAULTY_RUNTIME, clock, onStatus, ...options });
    return { faults, clock, watch, engine };
  }

  /** Crashes the worker with a request, and sees it rejected. */
  async function crash(engine: Engine, faults: RuntimeFaults, fault: Fault = 'crash'): Promise<void> {
    faults.make(fault, 'cpu run');
    await assert.rejects(engine.encode('imu', motion.input), refused('ENGINE_WORKER_EXITED'));
  }

  for (const fault of ['crash', 'exit'] as const) {
    it(`loses the request that ran and no other, and is started again (${fault})`, async () => {
      const { faults, clock, watch, engine } = await open();
      await using _ = engine;
      faults.make(fault, 'cpu run');
      const running = engine.encode('imu', motion.input, { source: 'imu0' });
      const waiting = [
        engine.encode('imu', repeated(motion.input, 20), { source: 'imu0' }),
        engine.encode('imu', motion.input, { source: 'imu1' }),
        engine.encode('imu', motion.input),
      ];
      await assert.rejects(running, refused('ENGINE_WORKER_EXITED', fault === 'crash' ? /planned crash/ : /code 9/));
      const { reason, workers } = await watch.until(({ state }) => state === 'restarting');
      assert.match(reason, fault === 'crash' ? /planned crash/ : /code 9/);
      assert.equal(workers[0]?.restarts, 0);
      const whileDown = engine.encode('imu', motion.input, { source: 'imu2' });
      await clock.advance(RESTART_MILLIS);
      for (const embedding of await Promise.all([...waiting, whileDown])) motion.check(embedding);
      const stats = engine.stats();
      assert.deepEqual([stats.state, stats.workers[0]?.restarts], ['ready', 1]);
      const { encoded, lost, queued } = stats.modalities['imu']!;
      assert.deepEqual({ encoded, lost, queued }, { encoded: 4, lost: 1, queued: 0 });
      assert.equal(stats.frames.inUse, 0);
    });
  }

  it('is degraded when it dies once more after five restarts within a minute, and tried again each minute', async () => {
    const { faults, clock, watch, engine } = await open();
    await using _ = engine;
    for (let restarts = 0; restarts < 5; restarts++) {
      await crash(engine, faults);
      await watch.until(({ state }) => state === 'restarting');
      await clock.advance(RESTART_MILLIS);
      await watch.until(({ state }) => state === 'ready');
    }
    faults.make('crash', 'cpu run');
    const running = engine.encode('imu', motion.input);
    const waiting = engine.encode('imu', motion.input);
    await assert.rejects(running, refused('ENGINE_WORKER_EXITED'));
    await assert.rejects(waiting, refused('ENGINE_DEGRADED', /failed too often.*planned crash/));
    await assert.rejects(engine.encode('imu', motion.input), refused('ENGINE_DEGRADED'));
    assert.equal(engine.stats().state, 'degraded');

    await clock.advance(59_999);
    assert.equal(engine.stats().workers[0]?.restarts, 5);
    await clock.advance(1);
    await watch.until(({ state }) => state === 'ready');
    await crash(engine, faults);
    await watch.until(({ state }) => state === 'degraded');
    await clock.advance(60_000);
    await watch.until(({ state }) => state === 'ready');
    motion.check(await engine.encode('imu', motion.input));
    assert.equal(engine.stats().modalities['imu']!.lost, 9);

    // It has worked since: one crash is one crash again.
    await clock.advance(60_000);
    await crash(engine, faults);
    await watch.until(({ state }) => state === 'restarting');
  });

  it('does not wait for a restart when it is closed in between', async () => {
    const { faults, watch, engine } = await open();
    await crash(engine, faults);
    await watch.until(({ state }) => state === 'restarting');
    const waiting = engine.encode('imu', motion.input);
    const rejected = assert.rejects(waiting, refused('ENGINE_CLOSED'));
    await engine.close();
    await rejected;
  });

  it('keeps the engine from opening when it dies before it ever worked', async () => {
    const faults = new RuntimeFaults();
    faults.make('crash', 'cpu create');
    const opening = Engine.open(tiny.bundle, { runtimeModule: FAULTY_RUNTIME, modalities: ['imu'] });
    await assert.rejects(opening, refused('ENGINE_WORKER_EXITED', /planned crash in cpu create/));
  });

  it('is told apart from a worker that cannot be started at all', async () => {
    // No thread takes a function with it, as none starts when the machine has no room for one.
    const runtimeModule = (() => undefined) as unknown as string;
    await assert.rejects(
      Engine.open(tiny.bundle, { runtimeModule }),
      refused('ENGINE_WORKER_EXITED', /could not be cloned/),
    );
    await assert.rejects(Engine.open(tiny.bundle, { runtimeModule: '/nowhere' }), refused('CONFIG_INVALID', /nowhere/));
  });
});
