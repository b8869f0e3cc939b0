/**
 * For programs that read what a node publishes: `require('@sensebind/node-red/mqtt')`. It opens no connection; hand it
 * the topics and payloads of any MQTT client.
 */
import { dot } from '../inference/vectors';
import { checkComparable } from '../zeroshot/arithmetic';
import type { ReceivedEmbedding } from './embeddingMessage';

export { decodeEmbedding, type ReceivedEmbedding } from './embeddingMessage';
export type { EventMessage } from './eventMessage';
export { flagsOfBits } from './flagBits';
export type { EmbeddingMessage, HealthMessage, InfoMessage, ScoresMessage, SourceMessage } from './messages';
export { kindOfTopic, type TopicKind } from './topics';

/**
 * Cosine of the angle between two received embeddings, in [-1, 1] up to the rounding of their numbers.
 *
 * @throws {SensebindError} `SPACE_MISMATCH`: vectors of different spaces have nothing to do with each other.
 */
export function cosineOfReceived(left: ReceivedEmbedding, right: ReceivedEmbedding): number {
  checkComparable(
    { space: left.message.sp, dimensions: left.message.d },
    { space: right.message.sp, dimensions: right.message.d },
  );
  const lengths = Math.hypot(...left.vector) * Math.hypot(...right.vector);
  return lengths === 0 ? 0 : dot(left.vector, right.vector) / lengths;
}
