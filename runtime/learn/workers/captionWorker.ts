import { captionsOf } from '../../../devices/simulated/captions';
import { sceneOf } from '../scenePlan';
import { serveTasks } from './serveTasks';

/** Captions of a task's scenes, four of each. */
export interface CaptionResult {
  readonly first: number;
  readonly captions: readonly (readonly string[])[];
}

/** Entry of a worker thread that puts scenes into words. */
serveTasks<CaptionResult>(async ({ first, scenes }) => ({
  result: { first, captions: scenes.map((planned) => captionsOf(sceneOf(planned))) },
  transfer: [],
}));
