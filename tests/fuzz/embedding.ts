import { decodeEmbedding } from '../../runtime/mqtt/embeddingMessage';
import type { VectorElementType } from '../../runtime/mqtt/messages';
import { embeddingPayload } from '../support/embeddingPayload';
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
  seeds: () => ELEMENT_TYPES.map((elementType) => embeddingPayload({ vector: [0.6, -0.8, 0], elementType })),
};
