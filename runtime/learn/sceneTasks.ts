import { type PlannedScene, planScenes } from './scenePlan';
import type { SceneSetSpec } from './sceneSetSpec';
import type { SceneTask } from './workers/protocol';

/** A task of all sensors takes about half a second and holds 2.5 MB: nothing piles up, and stopping is prompt. */
export const SCENES_A_TASK = 32;

/** The scenes of a set in tasks for worker threads. */
export function* sceneTasks(spec: SceneSetSpec): Generator<SceneTask, void> {
  let first = 0;
  let scenes: PlannedScene[] = [];
  for (const scene of planScenes(spec)) {
    scenes.push(scene);
    if (scenes.length < SCENES_A_TASK) continue;
    yield { first, scenes };
    first += scenes.length;
    scenes = [];
  }
  if (scenes.length > 0) yield { first, scenes };
}

/** The first of them: what is rendered again to see whether stored scenes are still those that the code makes. */
export function* probeTask(spec: SceneSetSpec): Generator<SceneTask, void> {
  for (const task of sceneTasks(spec)) {
    yield task;
    return;
  }
}
