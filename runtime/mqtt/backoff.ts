import type { Clock, Micros, Millis } from '../clock';

const FIRST_DELAY = 1000;
const LONGEST_DELAY = 60_000;

/** A connection that lasted this long was a good one: the next failure starts from the first delay again. */
const STABLE_MICROS = 10_000_000;

/**
 * Delays between attempts to reach a broker: 1 s × 2^n, 60 s at most, with full jitter, so that a thousand boxes do not
 * come back at once (reference/mqtt.md §4.6).
 */
export class Backoff {
  readonly #clock: Clock;
  readonly #random: () => number;
  #failures = 0;
  #connectedAt: Micros | undefined;

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  connected(): void {
    this.#connectedAt = this.#clock.monotonicMicros();
  }

  /** The attempt or the connection failed: how long to wait before the next. */
  next(): Millis {
    const since = this.#connectedAt;
    if (since !== undefined && this.#clock.monotonicMicros() - since >= STABLE_MICROS) this.#failures = 0;
    this.#connectedAt = undefined;
    const longest = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** Math.min(this.#failures, 30));
    this.#failures++;
    return (this.#random() * longest) as Millis;
  }
}
