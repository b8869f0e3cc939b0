import type { Clock } from './clock';

/** Seconds that a rate is taken over. */
const SECONDS = 10;

/** How many there were a second, lately: in the last ten whole seconds, or since the first was counted. */
export class Rate {
  readonly #clock: Clock;
  readonly #startSecond: number;
  /** By second, modulo their number. */
  readonly #counts = new Float64Array(SECONDS + 1);
  #second: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startSecond = this.#now();
    this.#second = this.#startSecond;
  }

  add(amount = 1): void {
    this.#goOn();
    const index = this.#second % this.#counts.length;
    this.#counts[index] = (this.#counts[index] ?? 0) + amount;
  }

  perSecond(): number {
    this.#goOn();
    const current = this.#counts[this.#second % this.#counts.length] ?? 0;
    const whole = this.#counts.reduce((sum, count) => sum + count, 0) - current;
    return whole / Math.max(1, Math.min(SECONDS, this.#second - this.#startSecond));
  }

  /** Empties the seconds in which nothing was counted. */
  #goOn(): void {
    const now = this.#now();
    const passed = Math.min(now - this.#second, this.#counts.length);
    for (let step = 0; step < passed; step++) this.#counts[(now - step) % this.#counts.length] = 0;
    this.#second = now;
  }

  #now(): number {
    return Math.floor(this.#clock.monotonicMicros() / 1e6);
  }
}
