import type { Clock, Micros, Millis } from './clock';

/** What to do about a part that just failed. */
export type AfterFailure =
  | { readonly kind: 'restart'; readonly delay: Millis }
  /** Too many failures: show it, and try again after `delay`. */
  | { readonly kind: 'degraded'; readonly delay: Millis };

export interface RestartLimits {
  /** Restarts allowed within the window. */
  readonly restarts: number;
  readonly window: Millis;
  /** Pause before the first restart; doubles with each further one inside the window. */
  readonly firstDelay: Millis;
  /** Pause before each attempt once degraded. */
  readonly degradedDelay: Millis;
}

/** Restart intensity of design.md rule 3 and reference/anchors.md §3.1. A first restart well below 5 s (fault row F17). */
export const RESTART_LIMITS: RestartLimits = {
  restarts: 5,
  window: 60_000 as Millis,
  firstDelay: 100 as Millis,
  degradedDelay: 60_000 as Millis,
};

/**
 * Decides when a supervised part is started again: with back-off, at most 5 times in 60 s, then once a minute until it
 * has done some work. Holds no timer and starts nothing.
 */
export class RestartPolicy {
  readonly #clock: Clock;
  readonly #limits: RestartLimits;
  #restartsAt: Micros[] = [];
  #degraded: boolean = false;

  constructor(clock: Clock, limits: RestartLimits = RESTART_LIMITS) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** The part failed now. */
  failed(): AfterFailure {
    const now = this.#clock.monotonicMicros();
    const start = now - this.#limits.window * 1000;
    this.#restartsAt = this.#restartsAt.filter((time) => time > start);
    if (this.#degraded || this.#restartsAt.length >= this.#limits.restarts) {
      this.#degraded = true;
      return { kind: 'degraded', delay: this.#limits.degradedDelay };
    }
    const delay = this.#limits.firstDelay * 2 ** this.#restartsAt.length;
    this.#restartsAt.push(now);
    return { kind: 'restart', delay: delay as Millis };
  }

  /** The part did its work: one failure no longer leads straight back to `degraded`. */
  succeeded(): void {
    this.#degraded = false;
  }
}
