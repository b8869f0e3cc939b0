import type { Recipe } from '../../../models/training/fit';

/** A training: how many scenes it sees, and how. */
export interface StageRecipe extends Recipe {
  readonly scenes: number;
  /** Deviation of the noise that is added to normalised items. */
  readonly noise: number;
}

/** One sensor's tower against the frozen image tower. */
export interface SensorRecipe extends StageRecipe {
  /** Stored image embeddings of other scenes that each step takes as further negatives. */
  readonly negatives: number;
}

export type BoundModality = 'audio' | 'depth' | 'thermal' | 'imu';
export const BOUND_MODALITIES: readonly BoundModality[] = ['audio', 'depth', 'thermal', 'imu'];

/** Everything that decides what the small model becomes, beside the code and the simulated world. */
export interface MiniRecipe {
  /** Seed of the scenes; the trainings have seeds of their own. */
  readonly worldSeed: number;
  readonly anchor: StageRecipe;
  readonly sensors: Readonly<Record<BoundModality, SensorRecipe>>;
}

/** AdamW as in arXiv 2305.05665, Table 9, with CLIP's slower second moment, which small batches need. */
const OPTIMISER = { beta1: 0.9, beta2: 0.98, weightDecay: 0.1, clip: 1, batch: 64 } as const;

function sensor(steps: number, { noise, seed }: { readonly noise: number; readonly seed: number }): SensorRecipe {
  return {
    ...OPTIMISER,
    scenes: 40_960,
    noise,
    negatives: 512,
    seed,
    schedule: { peak: 1e-3, warmUpSteps: 100, steps },
  };
}

export const MINI_RECIPE: MiniRecipe = {
  worldSeed: 0,
  anchor: {
    ...OPTIMISER,
    scenes: 81_920,
    noise: 0.05,
    seed: 1,
    schedule: { peak: 1e-3, warmUpSteps: 300, steps: 4000 },
  },
  sensors: {
    audio: sensor(1500, { noise: 0.02, seed: 11 }),
    depth: sensor(2500, { noise: 0.02, seed: 12 }),
    thermal: sensor(2000, { noise: 0.02, seed: 13 }),
    imu: sensor(2000, { noise: 0.02, seed: 14 }),
  },
};
