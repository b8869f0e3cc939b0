import type { EncoderPlan } from '../../../models/imagebind/plan';
import type { Graph } from '../../../models/onnx/graph';
import { BatchOrder, mixed } from '../../../models/training/batchOrder';
import {
  bindingTrainingGraph,
  classifyingTrainingGraph,
  FEEDS,
  learntEncoder,
  learntLayout,
} from '../../../models/training/contrastiveGraph';
import { type Feeds, LearntSession } from '../../../models/training/gradientSession';
import { SeededNumbers } from '../../../models/training/seededNumbers';
import type { SceneSet } from '../openSceneSet';
import type { SceneSetSpec } from '../sceneSetSpec';
import { type Augmentation, ItemAugmenter } from './itemAugmenter';
import type { BoundModality, SensorRecipe } from './miniRecipe';
import { miniPlan } from './plans';
import { type PreparedStage, recallAt1, type TrainingContext, trainStage } from './stage';

export interface SensorOptions extends TrainingContext {
  readonly modality: BoundModality;
  readonly recipe: SensorRecipe;
  /** Which scenes. */
  readonly spec: SceneSetSpec;
  /** What decides the targets, for the state on disk. */
  readonly targetsFrom: string;
  /** Name of the stage. Default: the modality. */
  readonly name?: string;
  readonly prepare: () => Promise<Lessons>;
}

/** What a sensor learns from. */
export interface Lessons {
  /** Readings of the sensor. */
  readonly set: SceneSet;
  /**
   * Of the same scenes, by the frozen tower that the sensor is bound to: unit vectors, scene after scene. Where a scene
   * has several, each step takes one of them.
   */
  readonly targets: Float32Array;
  /** Trains with labels in place of pairs, to compare with: the vectors of all classes, of which the targets are some. */
  readonly classes?: Float32Array;
  /** Numbers of the scenes to learn from. Default: all but those that are held back. */
  readonly scenesUsed?: Uint32Array;
}

/** Examples at the end of a set that are never trained on. */
export const HELD_BACK = 256;

/** What was learnt of one sensor. */
export interface BoundTower {
  readonly plan: EncoderPlan;
  readonly parameters: Float32Array;
  readonly losses: readonly number[];
  readonly seconds: number;
}

const AUGMENTATIONS: Readonly<Record<BoundModality, Augmentation>> = {
  audio: 'mask',
  depth: 'shift',
  thermal: 'shift',
  imu: 'none',
};

/**
 * Binds a sensor to a frozen tower by pairs alone: InfoNCE between its embeddings and the stored ones of the pictures
 * that belong to them (arXiv 2305.05665, section 3.2). No word comes near it.
 */
export async function trainSensor(options: SensorOptions): Promise<BoundTower> {
  const { modality, recipe, spec, targetsFrom } = options;
  const plan = await miniPlan(modality);
  const { parameters, losses, seconds } = await trainStage(
    {
      name: options.name ?? modality,
      layout: learntLayout(plan),
      recipe,
      depends: { spec, targetsFrom },
      prepare: () => prepareSensor(plan, options),
    },
    options,
  );
  return { plan, parameters, losses, seconds };
}

async function prepareSensor(plan: EncoderPlan, options: SensorOptions): Promise<PreparedStage> {
  const lessons = await options.prepare();
  const examples = new SensorExamples({ ...options, ...lessons }, plan);
  const encoder = await LearntSession.create(learntEncoder(plan), { threads: options.threads });
  return {
    graph: graphOf({ ...options, ...lessons }, plan),
    feeds: (step) => examples.feeds(step),
    recallAt1: async (parameters) =>
      recallAt1(await encoder.embed(parameters, examples.heldBack()), examples.heldBackTargets(), plan.dimensions),
    release: () => encoder.release(),
  };
}

function graphOf({ recipe, classes }: Course, plan: EncoderPlan): Graph {
  const { batch, negatives } = recipe;
  if (classes === undefined) return bindingTrainingGraph(plan, { batch, negatives });
  return classifyingTrainingGraph(plan, { batch, classes: classes.length / plan.dimensions });
}

type Course = Pick<SensorOptions, 'modality' | 'recipe'> & Lessons;

/** Batches of one sensor's items, changed a little, with the stored embeddings that belong to them and others. */
class SensorExamples {
  readonly #course: Course;
  readonly #plan: EncoderPlan;
  readonly #order: BatchOrder;
  readonly #augmenter: ItemAugmenter;
  readonly #items: Float32Array;
  readonly #targets: Float32Array;
  readonly #negatives: Float32Array;
  /** Numbers of the scenes to learn from. */
  readonly #scenes: Uint32Array;

  constructor(course: Course, plan: EncoderPlan) {
    const { set, recipe, modality } = course;
    const scenes = course.scenesUsed ?? Uint32Array.from({ length: set.count - HELD_BACK }, (_, index) => index);
    this.#course = course;
    this.#plan = plan;
    this.#scenes = scenes;
    this.#order = new BatchOrder({ count: scenes.length, batch: recipe.batch, seed: recipe.seed });
    const { shape, length } = set.items(modality);
    const augmentation = AUGMENTATIONS[modality];
    this.#augmenter = new ItemAugmenter({ shape, augmentation, noise: recipe.noise, seed: recipe.seed });
    this.#items = new Float32Array(recipe.batch * length);
    this.#targets = new Float32Array(recipe.batch * plan.dimensions);
    this.#negatives = new Float32Array(recipe.negatives * plan.dimensions);
  }

  feeds(step: number): Feeds {
    const { set, recipe, modality } = this.#course;
    const random = new SeededNumbers(mixed(recipe.seed, step));
    const scenes = this.#order.at(step).map((index) => this.#scenes[index] ?? 0);
    set.take(modality, scenes, this.#items);
    this.#augmenter.change(this.#items, random);
    this.#copyTargets(scenes, { into: this.#targets, random });
    const negatives = this.#course.classes ?? this.#negatives;
    if (negatives === this.#negatives) this.#copyTargets(this.#others(random), { into: negatives, random });
    return { [modality]: this.#items, [FEEDS.targets]: this.#targets, [FEEDS.negatives]: negatives };
  }

  heldBack(): Float32Array {
    const { set, modality } = this.#course;
    const items = new Float32Array(HELD_BACK * set.items(modality).length);
    set.take(
      modality,
      Uint32Array.from({ length: HELD_BACK }, (_, index) => set.count - HELD_BACK + index),
      items,
    );
    return items;
  }

  /** The first of each held-back scene. */
  heldBackTargets(): Float32Array {
    const { set } = this.#course;
    const targets = new Float32Array(HELD_BACK * this.#plan.dimensions);
    const scenes = Uint32Array.from({ length: HELD_BACK }, (_, index) => set.count - HELD_BACK + index);
    this.#copyTargets(scenes, { into: targets });
    return targets;
  }

  #others(random: SeededNumbers): Uint32Array {
    const { recipe } = this.#course;
    return Uint32Array.from({ length: recipe.negatives }, () => this.#scenes[random.integer(this.#scenes.length)] ?? 0);
  }

  /** One of each scene's targets: by chance, or the first. */
  #copyTargets(
    scenes: Uint32Array,
    { into, random }: { readonly into: Float32Array; readonly random?: SeededNumbers },
  ): void {
    const { targets, set } = this.#course;
    const { dimensions } = this.#plan;
    const perScene = targets.length / dimensions / set.count;
    for (const [row, scene] of scenes.entries()) {
      const target = scene * perScene + (random?.integer(perScene) ?? 0);
      into.set(targets.subarray(target * dimensions, (target + 1) * dimensions), row * dimensions);
    }
  }
}
