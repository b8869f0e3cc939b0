import type { EncoderPlan } from '../../../models/imagebind/plan';
import { BatchOrder, mixed } from '../../../models/training/batchOrder';
import { FEEDS } from '../../../models/training/contrastiveGraph';
import type { Feeds } from '../../../models/training/gradientSession';
import { SeededNumbers } from '../../../models/training/seededNumbers';
import { type Augmentation, ItemAugmenter } from '../train/itemAugmenter';
import type { SensorRecipe } from '../train/miniRecipe';
import type { Examples } from './collect';

interface BatchesOptions {
  readonly examples: Examples;
  /** Rows of the examples that are learnt from. */
  readonly learnt: readonly number[];
  readonly plan: EncoderPlan;
  readonly augmentation: Augmentation;
  readonly recipe: SensorRecipe;
}

/** Batches of items, changed a little, with the stored embeddings that belong to them and others. */
export class BindingBatches {
  readonly #options: BatchesOptions;
  readonly #order: BatchOrder;
  readonly #augmenter: ItemAugmenter;
  readonly #items: Float32Array;
  readonly #targets: Float32Array;
  readonly #negatives: Float32Array;

  constructor(options: BatchesOptions) {
    const { examples, learnt, recipe, plan, augmentation } = options;
    this.#options = options;
    this.#order = new BatchOrder({ count: learnt.length, batch: recipe.batch, seed: recipe.seed });
    this.#augmenter = new ItemAugmenter({
      shape: plan.itemShape,
      augmentation,
      noise: recipe.noise,
      seed: recipe.seed,
    });
    this.#items = new Float32Array(recipe.batch * examples.itemLength);
    this.#targets = new Float32Array(recipe.batch * examples.dimensions);
    this.#negatives = new Float32Array(recipe.negatives * examples.dimensions);
  }

  /** Inputs of a step, the first being 0; valid until the next call. The same step gives the same. */
  feeds(step: number): Feeds {
    const { recipe, plan, learnt } = this.#options;
    const random = new SeededNumbers(mixed(recipe.seed, step));
    const rows = Array.from(this.#order.at(step), (index) => learnt[index] ?? 0);
    this.#copy('items', rows, this.#items);
    this.#augmenter.change(this.#items, random);
    this.#copy('targets', rows, this.#targets);
    const others = Array.from({ length: recipe.negatives }, () => learnt[random.integer(learnt.length)] ?? 0);
    this.#copy('targets', others, this.#negatives);
    return { [plan.modality]: this.#items, [FEEDS.targets]: this.#targets, [FEEDS.negatives]: this.#negatives };
  }

  /** Items of some rows as they are, and the embeddings that belong to them. */
  asTheyAre(rows: readonly number[]): { readonly items: Float32Array; readonly targets: Float32Array } {
    const { itemLength, dimensions } = this.#options.examples;
    const items = new Float32Array(rows.length * itemLength);
    const targets = new Float32Array(rows.length * dimensions);
    this.#copy('items', rows, items);
    this.#copy('targets', rows, targets);
    return { items, targets };
  }

  #copy(what: 'items' | 'targets', rows: readonly number[], into: Float32Array): void {
    const { examples } = this.#options;
    const length = what === 'items' ? examples.itemLength : examples.dimensions;
    for (const [at, row] of rows.entries()) {
      into.set(examples[what].subarray(row * length, (row + 1) * length), at * length);
    }
  }
}
