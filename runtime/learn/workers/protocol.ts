import type { WireError } from '../../inference/wireError';
import type { PlannedScene } from '../scenePlan';

/** Some scenes of a set, one after another. */
export interface SceneTask {
  /** Number of the first in its set. */
  readonly first: number;
  readonly scenes: readonly PlannedScene[];
}

export type TaskReply<Result> =
  | { readonly kind: 'made'; readonly result: Result }
  | { readonly kind: 'failed'; readonly error: WireError };
