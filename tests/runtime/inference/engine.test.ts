import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { readFloats } from '../../../runtime/cli/verify/npy';
import { systemClock } from '../../../runtime/clock';
import { type ErrorCode, isSensebindError } from '../../../runtime/errors';
import { Engine } from '../../../runtime/inference/engine';
import type { TensorInput } from '../../../runtime/preprocess/input';
import { golden } from '../../support/paths';
import { type TinyBundle, tinyBundle } from '../../support/tinyBundle';

const isCode = (code: ErrorCode) => (error: unknown) => isSensebindError(error, code);

describe('engine', () => {
  let tiny: TinyBundle;
  let engine: Engine;
  let motion: TensorInput;
  before(async () => {
    tiny = await tinyBundle();
    engine = await Engine.open(tiny.bundle);
    const { data, shape } = await readFloats(golden('enc_imu_in.npy'));
    motion = { kind: 'tensor', data: data.subarray(0, data.length / (shape[0] ?? 1)), shape: [1, ...shape.slice(1)] };
  });
  after(async () => {
    await engine.close();
    await tiny.remove();
  });

  async function expectedMotion(): Promise<readonly number[]> {
    const { data, shape } = await readFloats(golden('enc_imu_out.npy'));
    const row = data.subarray(0, shape[1]);
    const norm = Math.hypot(...row);
    return Array.from(row, (value) => value / norm);
  }

  async function encodesMotion(): Promise<void> {
    const expected = await expectedMotion();
    const { vector, space, flags } = await engine.encode('imu', motion);
    assert.ok(vector.every((value, index) => Math.abs(value - (expected[index] ?? Number.NaN)) <= 1e-4));
    assert.equal(space, tiny.bundle.manifest.space);
    assert.ok(flags.includes('untrained'));
  }

  it('gives the embedding of the reference', encodesMotion);

  it('takes input on shared memory', async () => {
    const shared = new Float32Array(new SharedArrayBuffer(motion.data.byteLength));
    shared.set(motion.data);
    const expected = await expectedMotion();
    const { vector } = await engine.encode('imu', { ...motion, data: shared });
    assert.ok(vector.every((value, index) => Math.abs(value - (expected[index] ?? Number.NaN)) <= 1e-4));
  });

  it('goes on after a failing request', async () => {
    await assert.rejects(engine.encode('imu', { ...motion, shape: [1, 5, 7] }), isSensebindError);
    await assert.rejects(engine.encode('imu', { kind: 'text', text: 'a dog' }), isCode('INPUT_UNSUPPORTED'));
    await assert.rejects(engine.encode('smell', motion), isCode('MODALITY_UNKNOWN'));
    await encodesMotion();
  });

  it('refuses numbers that are none', async () => {
    const data = Float32Array.from(motion.data);
    data[100] = Number.NaN;
    await assert.rejects(engine.encode('imu', { ...motion, data }), isCode('INPUT_NOT_FINITE'));
  });

  it('frees the slot of an aborted request', async () => {
    const controller = new AbortController();
    const first = engine.encode('imu', motion, { source: 'a' });
    const second = engine.encode('imu', motion, { source: 'b', signal: controller.signal });
    controller.abort();
    await assert.rejects(second, isCode('REQUEST_ABORTED'));
    await first;
    await encodesMotion();
    assert.equal(engine.stats().modalities['imu']!.queued, 0);
  });

  it('keeps the newest of a source, and counts the others', async () => {
    const before = engine.stats().modalities['imu']!.superseded;
    const requests = Array.from({ length: 5 }, () => engine.encode('imu', motion, { source: 'imu0' }));
    const results = await Promise.allSettled(requests);
    const superseded = results.filter(({ status }) => status === 'rejected');
    assert.ok(superseded.length >= 3);
    for (const result of superseded)
      assert.ok(result.status === 'rejected' && isSensebindError(result.reason, 'REQUEST_SUPERSEDED'));
    assert.equal(results.at(-1)?.status, 'fulfilled');
    assert.equal(engine.stats().modalities['imu']!.superseded - before, superseded.length);
  });

  it('drops what is late', async () => {
    const deadlineMicros = systemClock.monotonicMicros() - 1;
    await assert.rejects(engine.encode('imu', motion, { deadlineMicros }), isCode('REQUEST_LATE'));
  });

  it('leaves the main thread free', async () => {
    let turns = 0;
    let done: boolean = false;
    const turn = (): void => {
      turns++;
      if (!done) setImmediate(turn);
    };
    turn();
    const data = new Float32Array(64 * motion.data.length).fill(0.5);
    await engine.encode('imu', { ...motion, data, shape: [64, ...motion.shape.slice(1)] });
    done = true;
    assert.ok(turns > 50, `${turns} turns`);
  });
});

describe('an engine', () => {
  let tiny: TinyBundle;
  before(async () => {
    tiny = await tinyBundle();
  });
  after(() => tiny.remove());

  it('refuses providers that do not exist', async () => {
    await assert.rejects(Engine.open(tiny.bundle, { providers: ['abacus'] }), isCode('PROVIDER_UNSUPPORTED'));
  });

  it('falls back to the CPU where a provider does not work, and says why', async () => {
    const engine = await Engine.open(tiny.bundle, { providers: ['cuda', 'cpu'], modalities: ['imu'] });
    const { provider, reason } = engine.stats().providers['imu']!;
    await engine.close();
    assert.equal(provider, 'cpu');
    assert.match(reason, /cuda/);
  });

  it('always closes, also twice and at work', async () => {
    const engine = await Engine.open(tiny.bundle);
    const data = new Float32Array(3 * 2 * 224 * 224);
    const work = engine.encode('vision', { kind: 'tensor', data, shape: [1, 3, 2, 224, 224] });
    const settled = Promise.allSettled([work]);
    await Promise.all([engine.close(), engine.close()]);
    await settled;
    await assert.rejects(
      engine.encode('vision', { kind: 'tensor', data, shape: [1, 3, 2, 224, 224] }),
      isCode('ENGINE_CLOSED'),
    );
  });
});
