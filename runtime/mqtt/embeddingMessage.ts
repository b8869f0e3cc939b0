import { Packr, Unpackr } from 'msgpackr';
import type { Embedding } from '../embedding';
import { messageOf, SensebindError } from '../errors';
import { bitsOfFlags } from './flagBits';
import { type EmbeddingMessage, type NodeClockQuality, type VectorElementType, validators } from './messages';
import { guardMsgpack } from './msgpackGuard';
import { packVector, unpackVector } from './vector';

export const EMBEDDING_CONTENT_TYPE = 'application/vnd.sensebind.emb+msgpack;v=1';

/** What a message says beside the embedding itself. */
export interface EmbeddingContext {
  readonly id: string;
  readonly source: string;
  readonly boot: string;
  readonly sequence: number;
  readonly publishedMicros: number;
  readonly clockQuality: NodeClockQuality;
  readonly elementType: VectorElementType;
  /** Of a group: weight used by source, and who was missing. */
  readonly fused?: { readonly weights: Readonly<Record<string, number>>; readonly missing: readonly string[] };
}

const packr = new Packr({ useRecords: false, variableMapSize: true });
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: 'number', copyBuffers: true });

/** Enough of a SHA-256 to tell encoders apart. */
const ENCODER_HASH_CHARACTERS = 16;

/** `emb/1` (reference/mqtt.md §4.1): a msgpack map with short keys. */
export function encodeEmbedding(embedding: Embedding, context: EmbeddingContext): Buffer {
  const { bytes, scale } = packVector(embedding.vector, context.elementType);
  return packr.pack({
    s: 'emb/1',
    id: context.id,
    src: context.source,
    m: embedding.modality,
    boot: context.boot,
    seq: context.sequence,
    t0: unsigned(embedding.startMicros),
    t1: unsigned(embedding.endMicros),
    tp: unsigned(context.publishedMicros),
    cq: context.clockQuality,
    sp: embedding.space,
    eh: embedding.encoder.slice(0, ENCODER_HASH_CHARACTERS),
    pr: embedding.preset,
    pc: embedding.precision,
    d: embedding.vector.length,
    dt: context.elementType,
    ...(scale === undefined ? {} : { sc: scale }),
    n: true,
    q: bitsOfFlags(embedding.flags),
    ...(context.fused === undefined ? {} : { fu: { w: context.fused.weights, missing: context.fused.missing } }),
    v: bytes,
  });
}

/** A received embedding; `vector` is ready to compare within `message.sp`. */
export interface ReceivedEmbedding {
  readonly message: EmbeddingMessage;
  readonly vector: Float32Array;
}

/** @throws {SensebindError} `MESSAGE_INVALID` for anything but a whole `emb/1`. */
export function decodeEmbedding(payload: Uint8Array): ReceivedEmbedding {
  guardMsgpack(payload);
  const message = unpack(payload);
  if (!validators['emb/1'].Check(message)) {
    const [first] = validators['emb/1'].Errors(message);
    throw invalid(`${first?.instancePath ?? ''} ${first?.message ?? 'something else'}`);
  }
  const packed = { bytes: message.v, ...(message.sc === undefined ? {} : { scale: message.sc }) };
  const vector = unpackVector(packed, { elementType: message.dt, dimensions: message.d });
  // Compared with anything, it would quietly be like nothing.
  if (!vector.every(Number.isFinite)) throw invalid('numbers that are not finite');
  return { message, vector };
}

function unpack(payload: Uint8Array): unknown {
  try {
    return unpackr.unpack(payload);
  } catch (error) {
    throw invalid(messageOf(error));
  }
}

/** As msgpack's 64-bit integer: a plain number above 2^32 would be packed as a float. */
function unsigned(micros: number): bigint {
  return BigInt(Math.max(0, Math.round(micros)));
}

function invalid(found: string): SensebindError {
  return new SensebindError(
    'MESSAGE_INVALID',
    `expected an embedding in the form emb/1, found: ${found}`,
    'look at who publishes on this topic',
  );
}
