/** A generator that always gives the same numbers for the same seed (mulberry32), for what is drawn in training. */
export class SeededNumbers {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** From 0 to below `limit`. */
  integer(limit: number): number {
    return Math.floor(this.next() * limit);
  }
}

/** Numbers of mean 0 and deviation 1 (Box–Muller). */
export class GaussianNoise {
  readonly #numbers: SeededNumbers;
  #spare: number | undefined;

  constructor(seed: number) {
    this.#numbers = new SeededNumbers(seed);
  }

  next(): number {
    const spare = this.#spare;
    if (spare !== undefined) {
      this.#spare = undefined;
      return spare;
    }
    // 1 − u is never 0, whose logarithm is no number.
    const radius = Math.sqrt(-2 * Math.log(1 - this.#numbers.next()));
    const angle = 2 * Math.PI * this.#numbers.next();
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }
}
