import { applyShift, maskBands, NoiseTable, type Planes, randomShift } from '../../../models/training/augment';
import type { SeededNumbers } from '../../../models/training/seededNumbers';

/** How items are changed while training, beside the noise: pictures are moved, bands of log-mel pictures masked. */
export type Augmentation = 'shift' | 'mask' | 'none';

/** Largest move of a picture, as a share of its side: what is left is still left. */
export const LARGEST_SHIFT = 1 / 16;
/** Widest masks of a log-mel picture, as a share of its sides (arXiv 2305.05665, Table 9: 12 of 128 bins). */
const MASKED_BINS = 12 / 128;
const MASKED_COLUMNS = 1 / 8;

interface AugmenterOptions {
  /** Of one item: channels, height, width; what is not there counts as 1. */
  readonly shape: readonly number[];
  readonly augmentation: Augmentation;
  /** Deviation of the noise. */
  readonly noise: number;
  readonly seed: number;
}

/** Changes batches of items a little, so that a tower never sees the same twice. */
export class ItemAugmenter {
  readonly #planes: Planes;
  readonly #augmentation: Augmentation;
  readonly #deviation: number;
  readonly #noise: NoiseTable;

  constructor({ shape, augmentation, noise, seed }: AugmenterOptions) {
    const [channels = 1, height = 1, width = 1] = shape;
    this.#planes = { channels, height, width };
    this.#augmentation = augmentation;
    this.#deviation = noise;
    this.#noise = new NoiseTable(seed);
  }

  /** Changes items that lie one after another, in place. */
  change(items: Float32Array, random: SeededNumbers): void {
    const { channels, height, width } = this.#planes;
    const length = channels * height * width;
    for (let start = 0; start < items.length; start += length) {
      this.#changeOne(items.subarray(start, start + length), random);
    }
    this.#noise.add(items, { deviation: this.#deviation, random });
  }

  #changeOne(item: Float32Array, random: SeededNumbers): void {
    const { height, width } = this.#planes;
    switch (this.#augmentation) {
      case 'shift':
        applyShift(item, this.#planes, randomShift(random, LARGEST_SHIFT));
        break;
      case 'mask':
        maskBands(item, this.#planes, { rows: height * MASKED_BINS, columns: width * MASKED_COLUMNS, random });
        break;
      case 'none':
    }
  }
}
