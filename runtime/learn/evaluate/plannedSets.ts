import type { PlannedScene } from '../scenePlan';
import type { SceneSetSpec } from '../sceneSetSpec';
import { labelledScenes } from './labelledScenes';
import { plannedInTurns } from './plannedInTurns';

/** The scenes of an evaluation. */
export interface PlannedSets {
  /** With labels, for what the raw signal alone tells. */
  readonly labelled: readonly PlannedScene[];
  /** One event each, in a kind of room in which training shows it too. */
  readonly new: readonly PlannedScene[];
  /** One event each, in the kind of room in which training never shows it. */
  readonly held: readonly PlannedScene[];
  /** Two events each. */
  readonly two: readonly PlannedScene[];
}

export interface SetSizes {
  /** New ones, and as many held out; half as many of two events. */
  readonly scenes: number;
  readonly labelledPerEvent: number;
  readonly seed: number;
}

/** The same scenes for the same seed, for ever; none of them is in a set that something is trained on. */
export async function planSets({ scenes, labelledPerEvent, seed }: SetSizes): Promise<PlannedSets> {
  return {
    labelled: await labelledScenes(labelledPerEvent, seed),
    new: await planned({ set: 'test', pairs: 'new', count: scenes, seed }),
    held: await planned({ set: 'test', pairs: 'held', count: scenes, seed }),
    two: await planned({ set: 'test', pairs: 'two', count: Math.ceil(scenes / 2), seed }),
  };
}

async function planned(spec: SceneSetSpec): Promise<readonly PlannedScene[]> {
  const scenes: PlannedScene[] = [];
  for await (const scene of plannedInTurns(spec)) scenes.push(scene);
  return scenes;
}
