import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Packr } from 'msgpackr';
import type { Embedding } from '../../../runtime/embedding';
import { isSensebindError } from '../../../runtime/errors';
import { decodeEmbedding, type EmbeddingContext, encodeEmbedding } from '../../../runtime/mqtt/embeddingMessage';
import { bitsOfFlags, FLAG_BITS, flagsOfBits } from '../../../runtime/mqtt/flagBits';
import type { VectorElementType } from '../../../runtime/mqtt/messages';
import type { Flag } from '../../../runtime/reading';
import { refused } from '../../support/refused';

const START = 1_790_000_000_123_456;

function embedding(vector: Float32Array): Embedding {
  return {
    vector,
    space: 'imagebind:0123456789abcdef',
    encoder: 'ab'.repeat(32),
    modality: 'audio',
    preset: 'imagebind-audio',
    precision: 'fp32',
    logitScale: 20,
    sources: ['mic0'],
    startMicros: START,
    endMicros: START + 2_000_000,
    sequence: 7,
    flags: ['clipped', 'gap'],
  };
}

function context(elementType: VectorElementType): EmbeddingContext {
  return {
    id: '01J00000000000000000000000',
    source: 'mic0',
    boot: '01J00000000000000000000001',
    sequence: 7,
    publishedMicros: START + 2_050_000,
    clockQuality: 'unsynced',
    elementType,
  };
}

/** Unit vectors of 1024 numbers, as the published encoders make. */
const unitVector = fc
  .array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 8, maxLength: 32 })
  .filter((values) => Math.hypot(...values) > 0.1)
  .map((values) => {
    const vector = Float32Array.from(
      { length: 1024 },
      (_, index) => (values[index % values.length] ?? 0) + Math.sin(index * 12.9898),
    );
    const norm = Math.hypot(...vector);
    return vector.map((value) => value / norm);
  });

function cosine(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0) / (Math.hypot(...a) * Math.hypot(...b));
}

describe('emb/1', () => {
  // Sizes and errors of reference/mqtt.md §4.1, the ids of which are shorter.
  for (const [elementType, bytes, error] of [
    ['f16le', 2048, 2.3e-5],
    ['f32le', 4096, 1e-7],
    ['i8', 1024, 8.9e-4],
  ] as const) {
    it(`keeps the direction of a vector as ${elementType}, in ${bytes} bytes and its header`, () => {
      fc.assert(
        fc.property(unitVector, (vector) => {
          const payload = encodeEmbedding(embedding(vector), context(elementType));
          assert.ok(payload.length < bytes + 300, `${payload.length} bytes`);
          const received = decodeEmbedding(payload);
          assert.equal(received.message.dt, elementType);
          assert.ok(1 - cosine(received.vector, vector) < error);
        }),
        { numRuns: 30 },
      );
    });
  }

  it('says all that is needed to trust the vector', () => {
    const { message } = decodeEmbedding(encodeEmbedding(embedding(Float32Array.of(0.6, 0.8)), context('f32le')));
    const { v, ...rest } = message;
    assert.deepEqual(Buffer.from(v).readFloatLE(4), Math.fround(0.8));
    assert.deepEqual(rest, {
      s: 'emb/1',
      id: '01J00000000000000000000000',
      src: 'mic0',
      m: 'audio',
      boot: '01J00000000000000000000001',
      seq: 7,
      t0: START,
      t1: START + 2_000_000,
      tp: START + 2_050_000,
      cq: 'unsynced',
      sp: 'imagebind:0123456789abcdef',
      eh: 'abababababababab',
      pr: 'imagebind-audio',
      pc: 'fp32',
      d: 2,
      dt: 'f32le',
      n: true,
      q: FLAG_BITS.clipped | FLAG_BITS.gap,
    });
  });

  it('carries times as integers, which readers in other languages need', () => {
    const payload = encodeEmbedding(embedding(Float32Array.of(1)), context('f32le'));
    const at = payload.indexOf(Buffer.from([0xa2, ...Buffer.from('t0')]));
    assert.ok(payload[at + 3] === 0xcf || payload[at + 3] === 0xd3, 'uint 64 or int 64 of the msgpack specification');
    assert.equal(payload.readBigUInt64BE(at + 4), BigInt(START));
  });

  it('is read by a plain msgpack reader', () => {
    const payload = encodeEmbedding(embedding(Float32Array.of(0.6, 0.8)), context('i8'));
    const map = new Packr({ useRecords: false, mapsAsObjects: false, int64AsType: 'number' }).unpack(payload) as Map<
      string,
      unknown
    >;
    assert.equal(map.get('d'), 2);
    assert.deepEqual([...(map.get('v') as Uint8Array)], [95, 127]);
    assert.ok(Math.abs((map.get('sc') as number) * 127 - 0.8) < 1e-6);
  });

  it('passes over keys and flags of newer versions', () => {
    const packr = new Packr({ useRecords: false });
    const known = packr.unpack(encodeEmbedding(embedding(Float32Array.of(1)), context('f32le'))) as Record<
      string,
      unknown
    >;
    const { message, vector } = decodeEmbedding(packr.pack({ ...known, q: 2 ** 30, later: { a: [1] } }));
    assert.deepEqual([...vector], [1]);
    assert.deepEqual(flagsOfBits(message.q), []);
  });

  it('gives flags bits that can be read back', () => {
    const flags = Object.keys(FLAG_BITS) as Flag[];
    assert.equal(new Set(Object.values(FLAG_BITS)).size, flags.length);
    fc.assert(
      fc.property(fc.subarray(flags), (some) =>
        assert.deepEqual(new Set(flagsOfBits(bitsOfFlags(some))), new Set(some)),
      ),
    );
  });

  it('answers any bytes, and any damage, with a vector or a typed error', () => {
    const payload = encodeEmbedding(embedding(Float32Array.of(0.6, 0.8)), context('f32le'));
    const damaged = fc
      .tuple(fc.nat(payload.length - 1), fc.nat(255))
      .map(([at, value]) => Buffer.from(payload.map((byte, index) => (index === at ? value : byte))));
    const bytes = fc.oneof(
      damaged,
      fc.uint8Array({ maxLength: 100 }),
      fc.nat(payload.length).map((end) => payload.subarray(0, end)),
    );
    fc.assert(
      fc.property(bytes, (input) => {
        try {
          assert.ok(decodeEmbedding(input).vector.length > 0);
        } catch (error) {
          assert.ok(isSensebindError(error, 'MESSAGE_INVALID'), String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });

  const packr = new Packr({ useRecords: false });
  for (const [what, payload, message] of [
    ['a list', packr.pack([1, 2]), /emb\/1/],
    ['another message', packr.pack({ s: 'scores/1' }), /emb\/1/],
    [
      'extension types, for which decoders build code',
      new Packr({ structuredClone: true }).pack({ a: new Set([1]) }),
      /type 0xc7|type 0xd[4-8]/,
    ],
    ['deep nesting', Buffer.alloc(100_000, 0x91), /nesting/],
    ['a list of four billion', Buffer.from('ddffffffff', 'hex'), /4294967295 values/],
    ['a text of four gigabytes', Buffer.from('dbffffffff', 'hex'), /4294967295 bytes/],
    ['what is cut off', Buffer.from('82a173', 'hex'), /fewer bytes/],
    ['what goes on', Buffer.from('c0c0', 'hex'), /after the message/],
    ['two megabytes', Buffer.alloc(2 ** 21), /2097152 bytes/],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.throws(() => decodeEmbedding(payload), refused('MESSAGE_INVALID', message));
    });
  }

  it('refuses numbers that are not finite, in the vector or as its scale', () => {
    const one = Float32Array.of(1);
    const known = packr.unpack(encodeEmbedding(embedding(one), context('f32le'))) as object;
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const v = Buffer.from(Float32Array.of(value).buffer);
      assert.throws(() => decodeEmbedding(packr.pack({ ...known, v })), refused('MESSAGE_INVALID', /finite/));
    }
    const scaled = packr.unpack(encodeEmbedding(embedding(one), context('i8'))) as object;
    for (const sc of [Number.NaN, Number.POSITIVE_INFINITY, 1e300]) {
      assert.throws(() => decodeEmbedding(packr.pack({ ...scaled, sc })), refused('MESSAGE_INVALID'));
    }
  });

  it('refuses a vector of another length than it says', () => {
    const known = packr.unpack(encodeEmbedding(embedding(Float32Array.of(1, 0)), context('f32le'))) as object;
    assert.throws(() => decodeEmbedding(packr.pack({ ...known, d: 3 })), refused('MESSAGE_INVALID', /3 numbers/));
  });
});
