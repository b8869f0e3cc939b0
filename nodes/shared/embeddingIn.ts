import type { Embedding } from '../../runtime/embedding';
import { embeddingOf } from './payloads';

/** The embedding that a message brings, from one of our nodes. The one place to take embeddings in other forms, too. */
export function embeddingIn(payload: unknown): Embedding | undefined {
  return embeddingOf(payload);
}
