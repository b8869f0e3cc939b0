import { setImmediate } from 'node:timers/promises';
import { type PlannedScene, planScenes } from '../scenePlan';
import type { SceneSetSpec } from '../sceneSetSpec';

/** Scenes between two turns of the event loop: about 1 ms. */
const SCENES_A_TURN = 256;

/** The scenes of a set in order, planned without holding the event loop up. */
export async function* plannedInTurns(spec: SceneSetSpec): AsyncGenerator<PlannedScene, void> {
  let planned = 0;
  for (const scene of planScenes(spec)) {
    yield scene;
    planned++;
    if (planned % SCENES_A_TURN === 0) await setImmediate();
  }
}
