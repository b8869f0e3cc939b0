import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Engine } from '../../../runtime/inference/engine';
import { FAULTY_RUNTIME, RuntimeFaults } from '../../support/faultyRuntime';
import { type GoldenMotion, goldenMotion } from '../../support/goldenMotion';
import { refused } from '../../support/refused';
import { type TinyBundle, tinyBundle } from '../../support/tinyBundle';

/** Fault row F19 of reference/anchors.md: the CPU takes over, with a clear status and without a crash loop. */
describe('an execution provider', () => {
  let tiny: TinyBundle;
  let motion: GoldenMotion;
  before(async () => {
    tiny = await tinyBundle();
    motion = await goldenMotion();
  });
  after(() => tiny.remove());

  const onCuda = { runtimeModule: FAULTY_RUNTIME, providers: ['cuda', 'cpu'], modalities: ['imu'] };

  /** Encodes as ever on the CPU, and says why there. */
  async function worksOnCpu(engine: Engine, reason: RegExp): Promise<void> {
    motion.check(await engine.encode('imu', motion.input));
    const inUse = engine.stats().providers['imu'];
    assert.equal(inUse!.provider, 'cpu');
    assert.match(inUse!.reason, reason);
  }

  it('is used when it agrees with the CPU, whose session is given back', async () => {
    const faults = new RuntimeFaults();
    await using engine = await Engine.open(tiny.bundle, onCuda);
    motion.check(await engine.encode('imu', motion.input));
    const { provider, reason } = engine.stats().providers['imu']!;
    assert.equal(provider, 'cuda');
    assert.match(reason, /cosine 1\.000000/);
    assert.deepEqual([faults.count('cpu created'), faults.count('cuda created'), faults.count('released')], [1, 1, 1]);
  });

  it('that does not load is tried once for all encoders', async () => {
    const faults = new RuntimeFaults();
    faults.make('refuse', 'cuda create', 100);
    await using engine = await Engine.open(tiny.bundle, { ...onCuda, modalities: ['imu', 'depth', 'thermal'] });
    await worksOnCpu(engine, /cuda is not used: planned failure of cuda create: out of memory/);
    assert.equal(faults.count('cuda created'), 1);
    assert.equal(engine.stats().workers[0]?.restarts, 0);
    assert.match(engine.stats().providers['thermal']!.reason, /planned failure/);
  });

  it('that gives other numbers than the CPU is not used', async () => {
    const faults = new RuntimeFaults();
    faults.make('lie', 'cuda run', 100);
    await using engine = await Engine.open(tiny.bundle, onCuda);
    await worksOnCpu(engine, /cuda is not used: cosine -?0\.\d+ to the CPU on a probe, 0\.999 needed/);
    assert.equal(faults.count('released'), 1);
  });

  it('that fails on the probe, and cannot even be released, is not used', async () => {
    for (const fault of ['refuse', 'lie'] as const) {
      const faults = new RuntimeFaults();
      faults.make(fault, 'cuda run', 100);
      faults.make('refuse', 'cuda release', 100);
      await using engine = await Engine.open(tiny.bundle, onCuda);
      await worksOnCpu(engine, /cuda is not used: .*gave no memory back: planned failure of cuda release/);
    }
  });

  it('that takes the worker down is left out after the restart, and the engine opens', async () => {
    for (const [fault, call] of [
      ['exit', 'cuda create'],
      ['crash', 'cuda run'],
    ] as const) {
      const faults = new RuntimeFaults();
      faults.make(fault, call, 100);
      await using engine = await Engine.open(tiny.bundle, onCuda);
      await worksOnCpu(engine, /cuda is not used: it took the worker down: /);
      assert.equal(engine.stats().workers[0]?.restarts, 1);
      assert.equal(faults.count('cuda created'), 1);
    }
  });

  it('that runs out of memory at work is replaced by the CPU for good, within the same request', async () => {
    const faults = new RuntimeFaults();
    await using engine = await Engine.open(tiny.bundle, onCuda);
    faults.make('refuse', 'cuda run', 100);
    faults.make('refuse', 'cuda release', 100);
    await worksOnCpu(engine, /cuda failed while running: .*out of memory.*gave no memory back/);
    await worksOnCpu(engine, /cuda failed while running/);
    assert.equal(faults.count('cuda created'), 1);
    assert.deepEqual([engine.stats().state, engine.stats().workers[0]?.restarts], ['ready', 0]);
  });

  it('that ran out of memory is not tried again, even if the CPU has none either at first', async () => {
    const faults = new RuntimeFaults();
    await using engine = await Engine.open(tiny.bundle, onCuda);
    faults.make('refuse', 'cuda run', 100);
    faults.make('refuse', 'cpu create');
    await assert.rejects(engine.encode('imu', motion.input), refused('ENCODE_FAILED', /planned failure of cpu create/));
    await worksOnCpu(engine, /cuda failed while running/);
    assert.equal(faults.count('cuda created'), 1);
  });

  it('that this build does not have, or that has no libraries here, leaves the CPU', async () => {
    await using engine = await Engine.open(tiny.bundle, { providers: ['coreml', 'cuda'], modalities: ['imu'] });
    await worksOnCpu(engine, /coreml is not used: this build of onnxruntime does not have it; cuda is not used: /);
  });

  it('that no build has is refused', async () => {
    const opening = Engine.open(tiny.bundle, { providers: ['abacus'] });
    await assert.rejects(opening, refused('PROVIDER_UNSUPPORTED', /abacus/));
  });
});
