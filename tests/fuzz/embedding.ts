import { decodeEmbedding, encodeEmbedding } from '../../runtime/mqtt/embeddingMessage';
import type { VectorElementType } from '../../runtime/mqtt/messages';
import type { FuzzTarget } from './target';

const ELEMENT_TYPES: readonly VectorElementType[] = ['f16le', 'f32le', 'i8'];

/** `emb/1` as it comes from a broker, where anybody may have published it. */
export const target: FuzzTarget = {
  name: 'embedding',
  run(bytes) {
    const { message, vector } = decodeEmbedding(bytes);
    if (vector.length !== message.d) throw new Error(`expected ${message.d} numbers, found ${vector.length}`);
    if (!vector.every(Number.isFinite)) throw new Error('expected finite numbers');
  },
  seeds: () =>
    ELEMENT_TYPES.map((elementType) =>
      encodeEmbedding(
        {
          vector: Float32Array.of(0.6, -0.8, 0),
          space: 'imagebind:0123456789abcdef',
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
          elementType,
        },
      ),
    ),
};
