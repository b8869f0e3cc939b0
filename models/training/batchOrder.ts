import { SensebindError } from '../../runtime/errors';
import { SeededNumbers } from './seededNumbers';

/**
 * Which examples a step takes: every example once before any comes again, in an order of its own each time. A pure
 * function of the step, so that a training that was interrupted goes on as if it had not been.
 */
export class BatchOrder {
  readonly #count: number;
  readonly #batch: number;
  readonly #seed: number;
  #round = -1;
  #order = new Uint32Array(0);

  /**
   * @param count - Examples, at least `batch`; what is left over at the end of a round is left out of it.
   * @throws {SensebindError} `INPUT_INVALID` for fewer examples.
   */
  constructor({ count, batch, seed }: { readonly count: number; readonly batch: number; readonly seed: number }) {
    if (count < batch) {
      throw new SensebindError(
        'INPUT_INVALID',
        `Expected at least ${batch} examples, a batch, found ${count}`,
        'Train with more examples, or with a smaller batch.',
      );
    }
    this.#count = count;
    this.#batch = batch;
    this.#seed = seed;
  }

  /** Indices of the examples of a step, the first step being 0; valid until the next call. */
  at(step: number): Uint32Array {
    const batches = Math.floor(this.#count / this.#batch);
    const round = Math.floor(step / batches);
    if (round !== this.#round) {
      this.#order = shuffled(this.#count, new SeededNumbers(mixed(this.#seed, round)));
      this.#round = round;
    }
    const start = (step % batches) * this.#batch;
    return this.#order.subarray(start, start + this.#batch);
  }
}

/** One seed for each place that needs numbers of its own. */
export function mixed(seed: number, place: number): number {
  return (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(place + 1, 0xc2b2ae35)) >>> 0;
}

function shuffled(count: number, numbers: SeededNumbers): Uint32Array<ArrayBuffer> {
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  for (let index = count - 1; index > 0; index--) {
    const other = numbers.integer(index + 1);
    const kept = order[index] ?? 0;
    order[index] = order[other] ?? 0;
    order[other] = kept;
  }
  return order;
}
