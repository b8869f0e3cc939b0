import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { FramePool } from '../../../runtime/frames';
import { Engine, type EngineOptions } from '../../../runtime/inference/engine';
import type { EngineStatus } from '../../../runtime/inference/stats';
import type { EncoderInput } from '../../../runtime/preprocess/input';
import { FAULTY_RUNTIME, RuntimeFaults } from '../../support/faultyRuntime';
import { type GoldenMotion, goldenMotion, repeated } from '../../support/goldenMotion';
import { ManualClock } from '../../support/manualClock';
import { refused } from '../../support/refused';
import { type TinyBundle, tinyBundle } from '../../support/tinyBundle';

describe('an engine', () => {
  let tiny: TinyBundle;
  let motion: GoldenMotion;
  before(async () => {
    tiny = await tinyBundle();
    motion = await goldenMotion();
  });
  after(() => tiny.remove());

  const open = (options: EngineOptions = {}): Promise<Engine> => Engine.open(tiny.bundle, options);

  /** An engine whose worker is inside a call until the test lets it go on. */
  async function busyEngine(options: EngineOptions = {}) {
    const faults = new RuntimeFaults();
    const engine = await open({ runtimeModule: FAULTY_RUNTIME, modalities: ['imu'], ...options });
    faults.make('block', 'cpu run');
    const running = engine.encode('imu', motion.input);
    await faults.untilBlocked();
    return { faults, engine, running };
  }

  it('gives the embedding of the reference, with all that is needed to trust it', async () => {
    await using engine = await open();
    const first = await engine.encode('imu', motion.input, {
      source: 'imu0',
      startMicros: 5,
      endMicros: 9,
      flags: ['gap'],
    });
    motion.check(first);
    const { manifest } = tiny.bundle;
    const { vector: _, encoder, ...rest } = first;
    assert.match(encoder, /^[0-9a-f]{64}$/);
    assert.deepEqual(rest, {
      space: manifest.space,
      modality: 'imu',
      preset: manifest.encoders['imu']!.preset,
      precision: 'fp32',
      logitScale: manifest.encoders['imu']!.logitScale,
      sources: ['imu0'],
      startMicros: 5,
      endMicros: 9,
      sequence: 0,
      flags: ['gap', 'untrained'],
    });
    const sequences = [
      await engine.encode('imu', motion.input, { source: 'imu0' }),
      await engine.encode('imu', motion.input, { source: 'imu1' }),
      await engine.encode('imu', motion.input),
    ].map(({ sequence }) => sequence);
    assert.deepEqual(sequences, [1, 0, 0]);
  });

  it('takes samples on private memory, on shared memory and in frames, and lets go of the frames', async () => {
    await using engine = await open();
    const shared = new Float32Array(new SharedArrayBuffer(motion.input.data.byteLength));
    shared.set(motion.input.data);
    motion.check(await engine.encode('imu', { ...motion.input, data: shared }));
    const pool = new FramePool({ frames: 1, bytes: 2 ** 20 });
    const frame = pool.acquire(shared.byteLength)!;
    const data = new Float32Array(frame.buffer, 0, shared.length);
    data.set(shared);
    const embedding = engine.encode('imu', { ...motion.input, data });
    frame.release();
    motion.check(await embedding);
    assert.equal(pool.stats().inUse, 0);
    assert.equal(engine.stats().frames.inUse, 0);
  });

  it('goes on after requests that it refuses', async () => {
    await using engine = await open();
    const data = Float32Array.from(motion.input.data);
    data[100] = Number.NaN;
    const refusals = [
      ['imu', { ...motion.input, shape: [1, 5, 7] }, 'INPUT_INVALID'],
      ['imu', { kind: 'text', text: 'a dog' }, 'INPUT_UNSUPPORTED'],
      ['imu', { kind: 'smell' } as unknown as EncoderInput, 'INPUT_UNSUPPORTED'],
      ['imu', { ...motion.input, extra: () => 0 } as EncoderInput, 'INPUT_INVALID'],
      ['imu', { ...motion.input, data }, 'INPUT_NOT_FINITE'],
      ['smell', motion.input, 'MODALITY_UNKNOWN'],
    ] as const;
    for (const [modality, input, code] of refusals) await assert.rejects(engine.encode(modality, input), refused(code));
    motion.check(await engine.encode('imu', motion.input));
    const { encoded, failed } = engine.stats().modalities['imu']!;
    assert.deepEqual({ encoded, failed }, { encoded: 1, failed: 5 });
    assert.equal(engine.stats().frames.inUse, 0);
  });

  it('keeps the newest of a source, and counts the others', async () => {
    const { faults, engine, running } = await busyEngine();
    await using _ = engine;
    const requests = Array.from({ length: 5 }, () => engine.encode('imu', motion.input, { source: 'imu0' }));
    const superseded = requests.slice(0, 4).map((request) => assert.rejects(request, refused('REQUEST_SUPERSEDED')));
    faults.unblock();
    await Promise.all([running, requests.at(-1), ...superseded]);
    const stats = engine.stats();
    assert.deepEqual([stats.modalities['imu']!.superseded, stats.modalities['imu']!.encoded], [4, 2]);
    assert.equal(stats.frames.inUse, 0);
  });

  it('serves the urgent first, and drops what could not begin in time', async () => {
    const clock = new ManualClock();
    const { faults, engine, running } = await busyEngine({ clock });
    await using _ = engine;
    const served: string[] = [];
    const encode = async (name: string, request: Parameters<Engine['encode']>[2]): Promise<void> => {
      motion.check(await engine.encode('imu', motion.input, request));
      served.push(name);
    };
    const late = assert.rejects(
      encode('late', { deadlineMicros: 999 }),
      refused('REQUEST_LATE', /by 999 µs, found 1000/),
    );
    const others = [
      encode('low', { priority: 'low' }),
      encode('in time', { deadlineMicros: 1000 }),
      encode('high', { priority: 'high' }),
    ];
    clock.sleep(1);
    faults.unblock();
    await Promise.all([running, late, ...others]);
    assert.deepEqual(served, ['high', 'in time', 'low']);
    assert.equal(engine.stats().modalities['imu']!.late, 1);
  });

  it('takes back what its worker has but did not begin: for the newest of a source, and for the urgent', async () => {
    const { faults, engine, running } = await busyEngine();
    await using _ = engine;
    const served: string[] = [];
    const encode = async (name: string, request: Parameters<Engine['encode']>[2]): Promise<void> => {
      await engine.encode('imu', motion.input, request);
      served.push(name);
    };
    const superseded = assert.rejects(encode('old', { source: 'imu0' }), refused('REQUEST_SUPERSEDED'));
    const waiting = [encode('other', { source: 'imu1' }), encode('new', { source: 'imu0' })];
    assert.equal(engine.stats().modalities['imu']!.queued, 2);
    const urgent = encode('urgent', { priority: 'high' });
    await superseded;
    faults.unblock();
    await Promise.all([running, urgent, ...waiting]);
    assert.deepEqual(served, ['urgent', 'new', 'other']);
    assert.equal(faults.count('runs'), 4);
    assert.equal(engine.stats().frames.inUse, 0);
  });

  it('holds no more requests than it may, and no more memory', async () => {
    const { faults, engine, running } = await busyEngine({ queueLimit: 2 });
    await using _ = engine;
    const waiting = [engine.encode('imu', motion.input), engine.encode('imu', motion.input)];
    assert.equal(engine.stats().modalities['imu']!.queued, 2);
    assert.equal(engine.stats().frames.inUse, 3);
    await assert.rejects(engine.encode('imu', motion.input), refused('QUEUE_FULL', /at most 2/));
    assert.equal(engine.stats().frames.inUse, 3);
    faults.unblock();
    await Promise.all([running, ...waiting]);
    assert.deepEqual([engine.stats().modalities['imu']!.refused, engine.stats().frames.inUse], [1, 0]);
  });

  it('gives the slot and the memory of a waiting request back when it is aborted', async () => {
    const { faults, engine, running } = await busyEngine({ queueLimit: 1 });
    await using _ = engine;
    const controller = new AbortController();
    const aborted = engine.encode('imu', motion.input, { signal: controller.signal });
    await assert.rejects(engine.encode('imu', motion.input), refused('QUEUE_FULL'));
    controller.abort(new Error('no longer needed'));
    await assert.rejects(aborted, refused('REQUEST_ABORTED', /no longer needed/));
    assert.deepEqual([engine.stats().modalities['imu']!.queued, engine.stats().frames.inUse], [0, 1]);
    const next = engine.encode('imu', motion.input);
    faults.unblock();
    motion.check(await running);
    motion.check(await next);
    await assert.rejects(
      engine.encode('imu', motion.input, { signal: AbortSignal.abort() }),
      refused('REQUEST_ABORTED'),
    );
    assert.equal(engine.stats().modalities['imu']!.aborted, 2);
  });

  it('rejects a running request at once when it is aborted, but keeps its memory until the worker has let go', async () => {
    const faults = new RuntimeFaults();
    await using engine = await open({ runtimeModule: FAULTY_RUNTIME, modalities: ['imu'] });
    faults.make('block', 'cpu run');
    const controller = new AbortController();
    const aborted = engine.encode('imu', repeated(motion.input, 50), { signal: controller.signal });
    await faults.untilBlocked();
    controller.abort();
    await assert.rejects(aborted, refused('REQUEST_ABORTED'));
    assert.equal(engine.stats().frames.inUse, 1);
    const next = engine.encode('imu', motion.input);
    faults.unblock();
    motion.check(await next);
    assert.equal(engine.stats().frames.inUse, 0);
    // The call in flight and the next request; not the other 49 of what nobody wants.
    assert.equal(faults.count('runs'), 2);
    const { aborted: counted, failed } = engine.stats().modalities['imu']!;
    assert.deepEqual({ counted, failed }, { counted: 1, failed: 0 });
  });

  it('shares its modalities between its workers, and says how all of them are', async () => {
    const statuses: EngineStatus[] = [];
    await using engine = await open({
      workers: 2,
      modalities: ['imu', 'depth'],
      onStatus: (status) => statuses.push(status),
    });
    motion.check(await engine.encode('imu', motion.input));
    assert.deepEqual(new Set(Object.keys(engine.stats().providers)), new Set(['imu', 'depth']));
    assert.ok(engine.stats().workers.every(({ state }) => state === 'ready'));
    assert.equal(statuses.at(-1)?.state, 'ready');
  });

  it('leaves the main thread free', async () => {
    await using engine = await open({ modalities: ['imu'] });
    let turns = 0;
    let done: boolean = false;
    const turn = (): void => {
      turns++;
      if (!done) setImmediate(turn);
    };
    turn();
    await engine.encode('imu', repeated(motion.input, 64));
    done = true;
    assert.ok(turns > 50, `${turns} turns`);
  });
});
