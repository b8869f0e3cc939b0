import { encodeEmbedding } from '../../runtime/mqtt/embeddingMessage';
import type { VectorElementType } from '../../runtime/mqtt/messages';

/** An `emb/1` as a node publishes it. */
export function embeddingPayload(what: {
  readonly vector: readonly number[];
  readonly space?: string;
  readonly elementType?: VectorElementType;
}): Buffer {
  return encodeEmbedding(
    {
      vector: Float32Array.from(what.vector),
      space: what.space ?? 'imagebind:0123456789abcdef',
      encoder: 'ab'.repeat(32),
      modality: 'audio',
      preset: 'imagebind-audio',
      precision: 'fp32',
      logitScale: 20,
      sources: ['mic0'],
      startMicros: 1_790_000_000_123_456,
      endMicros: 1_790_000_002_123_456,
      sequence: 7,
      flags: ['clipped', 'gap'],
    },
    {
      id: '01J00000000000000000000000',
      source: 'mic0',
      boot: '01J00000000000000000000001',
      sequence: 7,
      publishedMicros: 1_790_000_002_200_000,
      clockQuality: 'unsynced',
      elementType: what.elementType ?? 'f16le',
    },
  );
}
