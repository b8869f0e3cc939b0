import type { Clock, Micros } from './clock';

/** Windows do not come to the microsecond: one that is early by this share of the period is not held back. */
const JITTER = 0.25;

/** Lets through what comes, at most so often on average. */
export class RateLimit {
  readonly #clock: Clock;
  readonly #periodMicros: number;
  #dueMicros: Micros = Number.NEGATIVE_INFINITY;

  /** @param options - `maxRateHz` may be infinite. */
  constructor({ clock, maxRateHz }: { readonly clock: Clock; readonly maxRateHz: number }) {
    this.#clock = clock;
    this.#periodMicros = 1e6 / maxRateHz;
  }

  /** True when it is time; counts as let through then. */
  pass(): boolean {
    const now = this.#clock.monotonicMicros();
    if (now < this.#dueMicros - JITTER * this.#periodMicros) return false;
    this.#dueMicros = Math.max(this.#dueMicros, now) + this.#periodMicros;
    return true;
  }
}
