import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { FramePool } from '../../../runtime/frames';
import { handOver } from '../../../runtime/inference/handOver';
import type { EncoderInput } from '../../../runtime/preprocess/input';
import { refused } from '../../support/refused';

type Samples = Uint8Array | Float32Array | Float64Array | Int32Array;

const newPool = (): FramePool => new FramePool({ frames: 16, bytes: 2 ** 22 });

/** All typed arrays of an input, in the order of its fields. */
function samplesOf(value: unknown): Samples[] {
  if (value instanceof Uint8Array || value instanceof Float32Array) return [value];
  if (value instanceof Float64Array || value instanceof Int32Array) return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(samplesOf) : [];
}

const length = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 4000, max: 9000 }));
const bytes = fc
  .tuple(length, fc.nat(255))
  .map(([count, seed]) => Uint8Array.from({ length: count }, (_, at) => at + seed));
const floats = bytes.map((values) => Float32Array.from(values, (value) => value / 7));
const pixels = fc.record({ rgb: bytes, width: fc.nat(), height: fc.nat() });
const anyInput: fc.Arbitrary<EncoderInput> = fc.oneof(
  fc.record({ kind: fc.constant('picture' as const), frames: fc.oneof(fc.tuple(pixels), fc.tuple(pixels, pixels)) }),
  fc.record({ kind: fc.constant('pictureFile' as const), bytes }),
  fc.record({
    kind: fc.constant('sound' as const),
    sampleRateHz: fc.nat(),
    channels: fc.array(floats, { maxLength: 4 }),
  }),
  fc.record({ kind: fc.constant('soundStream' as const), stream: fc.string(), firstSample: fc.nat(), samples: floats }),
  fc.record({ kind: fc.constant('depth' as const), metres: floats, width: fc.nat(), height: fc.nat() }),
  fc.record({ kind: fc.constant('thermal' as const), kelvin: floats, width: fc.nat(), height: fc.nat() }),
  fc.record({ kind: fc.constant('thermalPicture' as const), gray: bytes, width: fc.nat(), height: fc.nat() }),
  fc.record({
    kind: fc.constant('motion' as const),
    axes: fc.array(floats, { maxLength: 6 }),
    timing: fc.oneof(
      fc.record({ rateHz: fc.nat() }),
      fc.record({ timesMicros: bytes.map((values) => Float64Array.from(values)) }),
    ),
  }),
  fc.record({ kind: fc.constant('profile' as const), strengths: floats, binMetres: fc.double() }),
  fc.record({ kind: fc.constant('text' as const), text: fc.string() }),
  fc.record({
    kind: fc.constant('tensor' as const),
    data: fc.oneof(
      floats,
      bytes.map((values) => Int32Array.from(values)),
    ),
    shape: fc.array(fc.nat(), { maxLength: 4 }),
  }),
);

describe('handing an input over', () => {
  it('changes no value of any input, frees the caller to change his, and gives all memory back', () => {
    fc.assert(
      fc.property(anyInput, (generated) => {
        const pool = newPool();
        const input = structuredClone(generated);
        const before = structuredClone(input);
        const handed = handOver(input, pool);
        for (const samples of samplesOf(input)) samples.fill(77);
        assert.deepEqual(handed.input, before);
        assert.deepEqual(structuredClone(handed.input), before);
        handed.release();
        assert.equal(pool.stats().inUse, 0);
      }),
    );
  });

  it('needs one frame for all that is large, each part on its own aligned place', () => {
    const pool = newPool();
    const axes = [5000, 4999, 5001, 5003, 1, 5000].map((count) => new Float32Array(count).fill(count));
    const timesMicros = new Float64Array(5000).fill(3);
    const { input } = handOver({ kind: 'motion', axes, timing: { timesMicros } }, pool);
    assert.equal(pool.stats().inUse, 1);
    const parts = samplesOf(input).toSorted((left, right) => left.byteOffset - right.byteOffset);
    assert.equal(parts.length, 7);
    for (const [index, part] of parts.entries()) {
      assert.ok(part.buffer instanceof SharedArrayBuffer);
      assert.equal(part.byteOffset % 8, 0);
      const next = parts[index + 1];
      assert.ok(next === undefined || part.byteOffset + part.byteLength <= next.byteOffset);
    }
  });

  it('takes small samples out of the large memory that they stand on', () => {
    const pool = newPool();
    const { input } = handOver({ kind: 'pictureFile', bytes: new Uint8Array(2 ** 20).subarray(100, 110) }, pool);
    assert.equal(pool.stats().inUse, 0);
    assert.equal(samplesOf(input)[0]!.buffer.byteLength, 10);
  });

  it('copies nothing of a frame, and holds it until the worker has read it', () => {
    const frames = newPool();
    const pool = newPool();
    const frame = frames.acquire(40_000)!;
    const samples = new Float32Array(frame.buffer, 8, 9000);
    const handed = handOver({ kind: 'soundStream', stream: 'mic0/1', firstSample: 0, samples }, pool);
    assert.equal(samplesOf(handed.input)[0], samples);
    assert.equal(pool.stats().acquired, 0);
    frame.release();
    assert.equal(frames.stats().inUse, 1);
    assert.notEqual(frames.acquire(40_000)!.buffer, frame.buffer);
    handed.release();
    assert.equal(frames.stats().inUse, 1);
    assert.equal(frames.acquire(40_000)!.buffer, frame.buffer);
  });

  it('holds each frame as often as it is used, beside a copy of the rest', () => {
    const frames = newPool();
    const pool = newPool();
    const frame = frames.acquire(40_000)!;
    const left = new Float32Array(frame.buffer, 0, 5000);
    const handed = handOver(
      { kind: 'sound', sampleRateHz: 16_000, channels: [left, left, new Float32Array(5000)] },
      pool,
    );
    assert.equal(frame.references, 3);
    assert.equal(pool.stats().inUse, 1);
    handed.release();
    assert.equal(frame.references, 1);
    assert.equal(pool.stats().inUse, 0);
  });

  it('copies shared memory that nobody can hold: its owner may take it back before the worker has read it', () => {
    for (const count of [10, 10_000]) {
      const samples = new Float32Array(new SharedArrayBuffer(4 * count)).fill(1);
      const { input } = handOver({ kind: 'soundStream', stream: 'a', firstSample: 0, samples }, newPool());
      samples.fill(2);
      assert.ok(samplesOf(input)[0]!.every((value) => value === 1));
    }
    const frames = newPool();
    const frame = frames.acquire(40_000)!;
    const samples = new Float32Array(frame.buffer, 0, 10_000).fill(1);
    frame.release();
    const { input } = handOver({ kind: 'soundStream', stream: 'a', firstSample: 0, samples }, newPool());
    frames.acquire(40_000)!.bytes.fill(9);
    assert.ok(samplesOf(input)[0]!.every((value) => value === 1));
  });

  it('says when there is no room, and holds nothing then', () => {
    const frames = newPool();
    const frame = frames.acquire(40_000)!;
    const left = new Float32Array(frame.buffer, 0, 5000);
    const pool = new FramePool({ frames: 16, bytes: 16_384 });
    const channels = [left, new Float32Array(5000)];
    assert.throws(() => handOver({ kind: 'sound', sampleRateHz: 16_000, channels }, pool), refused('QUEUE_FULL'));
    assert.equal(frame.references, 1);
  });

  it('refuses what no encoder takes, in words', () => {
    const hand = (input: unknown) => () => handOver(input as EncoderInput, newPool());
    assert.throws(hand({ kind: 'smell' }), refused('INPUT_UNSUPPORTED', /smell/));
    assert.throws(hand({ kind: 'pictureFile', bytes: [1, 2] }), refused('INPUT_INVALID', /Array/));
    assert.throws(
      hand({ kind: 'depth', metres: new Float64Array(4), width: 2, height: 2 }),
      refused('INPUT_INVALID', /Float64Array/),
    );
    assert.throws(hand({ kind: 'sound', sampleRateHz: 16_000 }), refused('INPUT_INVALID'));
    assert.throws(hand({ kind: 'picture', frames: [{}] }), refused('INPUT_INVALID'));
    assert.throws(hand({ kind: 'motion', axes: [] }), refused('INPUT_INVALID'));
    assert.throws(hand(undefined), refused('INPUT_INVALID'));
  });
});
