import type { EncoderPlan } from '../../../models/imagebind/plan';
import { applyShift, maskBands, NoiseTable, randomShift } from '../../../models/training/augment';
import { BatchOrder, mixed } from '../../../models/training/batchOrder';
import { bindingTrainingGraph, FEEDS, learntEncoder, learntLayout } from '../../../models/training/contrastiveGraph';
import { type Feeds, LearntSession } from '../../../models/training/gradientSession';
import { SeededNumbers } from '../../../models/training/seededNumbers';
import type { SceneSet } from '../openSceneSet';
import type { BoundModality, SensorRecipe } from './miniRecipe';
import { miniPlan } from './plans';
import { recallAt1, type TrainingContext, trainStage } from './stage';

export interface SensorOptions extends TrainingContext {
  readonly modality: BoundModality;
  readonly recipe: SensorRecipe;
  /** Readings of the sensor, and nothing else of these scenes. */
  readonly set: SceneSet;
  /** Of the same scenes, by the frozen tower that the sensor is bound to: unit vectors, one after the other. */
  readonly targets: Float32Array;
  /** What decides {@link targets}, for the state on disk. */
  readonly targetsFrom: string;
  /** Name of the stage. Default: the modality. */
  readonly name?: string;
}

/** What was learnt of one sensor. */
export interface BoundTower {
  readonly plan: EncoderPlan;
  readonly parameters: Float32Array;
  readonly losses: readonly number[];
  readonly seconds: number;
}

/** Examples at the end of the set that are never trained on. */
const HELD_BACK = 256;
/** Largest move of a picture, as a share of its side. */
const SHIFT = 1 / 16;
/** Widest masks of a log-mel picture, as a share of its sides (arXiv 2305.05665, Table 9: 12 of 128 bins). */
const MASKED_BINS = 12 / 128;
const MASKED_COLUMNS = 1 / 8;

/**
 * Binds a sensor to a frozen tower by pairs alone: InfoNCE between its embeddings and the stored ones of the pictures
 * that belong to them (arXiv 2305.05665, section 3.2). No word comes near it.
 */
export async function trainSensor(options: SensorOptions): Promise<BoundTower> {
  const { modality, recipe, set, targets, targetsFrom, threads } = options;
  const plan = await miniPlan(modality);
  const examples = new SensorExamples(options, plan);
  const encoder = await LearntSession.create(learntEncoder(plan), { threads });
  try {
    const state = await trainStage(
      {
        name: options.name ?? modality,
        graph: bindingTrainingGraph(plan, { batch: recipe.batch, negatives: recipe.negatives }),
        layout: learntLayout(plan),
        recipe,
        depends: { scenes: set.spec, targetsFrom },
        feeds: (step) => examples.feeds(step),
        recallAt1: async (parameters) =>
          recallAt1(await encoder.embed(parameters, examples.heldBack()), heldBackTargets(), plan.dimensions),
      },
      options,
    );
    return { plan, parameters: state.parameters, losses: state.losses, seconds: state.seconds };
  } finally {
    await encoder.release();
  }

  function heldBackTargets(): Float32Array {
    return targets.subarray((set.count - HELD_BACK) * plan.dimensions);
  }
}

/** Batches of one sensor's items, changed a little, with the stored embeddings that belong to them and others. */
class SensorExamples {
  readonly #options: SensorOptions;
  readonly #plan: EncoderPlan;
  readonly #order: BatchOrder;
  readonly #noise: NoiseTable;
  readonly #items: Float32Array;
  readonly #targets: Float32Array;
  readonly #negatives: Float32Array;

  constructor(options: SensorOptions, plan: EncoderPlan) {
    const { set, recipe, modality } = options;
    this.#options = options;
    this.#plan = plan;
    this.#order = new BatchOrder({ count: set.count - HELD_BACK, batch: recipe.batch, seed: recipe.seed });
    this.#noise = new NoiseTable(recipe.seed);
    this.#items = new Float32Array(recipe.batch * set.items(modality).length);
    this.#targets = new Float32Array(recipe.batch * plan.dimensions);
    this.#negatives = new Float32Array(recipe.negatives * plan.dimensions);
  }

  feeds(step: number): Feeds {
    const { set, recipe, modality } = this.#options;
    const random = new SeededNumbers(mixed(recipe.seed, step));
    const scenes = this.#order.at(step);
    set.take(modality, scenes, this.#items);
    this.#change(random);
    this.#copyTargets(scenes, this.#targets);
    this.#copyTargets(this.#others(random), this.#negatives);
    return { [modality]: this.#items, [FEEDS.targets]: this.#targets, [FEEDS.negatives]: this.#negatives };
  }

  heldBack(): Float32Array {
    const { set, modality } = this.#options;
    const items = new Float32Array(HELD_BACK * set.items(modality).length);
    set.take(
      modality,
      Uint32Array.from({ length: HELD_BACK }, (_, index) => set.count - HELD_BACK + index),
      items,
    );
    return items;
  }

  #change(random: SeededNumbers): void {
    const { set, modality, recipe } = this.#options;
    const { length, shape } = set.items(modality);
    const [channels = 1, height = 1, width = 1] = shape;
    const planes = { channels, height, width };
    for (let start = 0; start < this.#items.length; start += length) {
      const item = this.#items.subarray(start, start + length);
      if (modality === 'audio') {
        maskBands(item, planes, { rows: height * MASKED_BINS, columns: width * MASKED_COLUMNS, random });
      } else if (modality !== 'imu') {
        applyShift(item, planes, randomShift(random, SHIFT));
      }
    }
    this.#noise.add(this.#items, { deviation: recipe.noise, random });
  }

  #others(random: SeededNumbers): Uint32Array {
    const { set, recipe } = this.#options;
    return Uint32Array.from({ length: recipe.negatives }, () => random.integer(set.count - HELD_BACK));
  }

  #copyTargets(scenes: Uint32Array, into: Float32Array): void {
    const { dimensions } = this.#plan;
    for (const [row, scene] of scenes.entries()) {
      into.set(this.#options.targets.subarray(scene * dimensions, (scene + 1) * dimensions), row * dimensions);
    }
  }
}
