import type { Clock, Micros, Millis, Timer } from './clock';

/** Less than half of what a call on the main thread may take (design.md rule 1): the last piece goes beyond it. */
const SLICE_MICROS: Micros = 2000;

/**
 * Work on the main thread in pieces, such as what a thousand labels need: each turn of the event loop does some of them.
 * Work that fits into one slice is done at once.
 */
export class Slices {
  readonly #clock: Clock;
  readonly #onFailed: (error: unknown) => void;
  #work: Iterator<void> | undefined;
  #timer: Timer | undefined;

  /** @param onFailed - Told when work throws after its first slice; what the first one throws, `run` does. */
  constructor(clock: Clock, onFailed: (error: unknown) => void) {
    this.#clock = clock;
    this.#onFailed = onFailed;
  }

  /** Begins `work`, whose pieces are what lies between its yields. What was under way is given up. */
  run(work: Iterable<void>): void {
    this.cancel();
    this.#work = work[Symbol.iterator]();
    this.#slice(this.#work);
  }

  /** Gives up what is under way. */
  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#work = undefined;
  }

  /** Nobody waits for it: a failure must not end the process. */
  #next(work: Iterator<void>): void {
    try {
      this.#slice(work);
    } catch (error) {
      if (this.#work === work) this.#work = undefined;
      this.#onFailed(error);
    }
  }

  #slice(work: Iterator<void>): void {
    const endMicros = this.#clock.monotonicMicros() + SLICE_MICROS;
    // A piece may give up the work that it belongs to, or begin other work.
    while (this.#work === work) {
      if (work.next().done === true) {
        if (this.#work === work) this.#work = undefined;
        return;
      }
      if (this.#clock.monotonicMicros() < endMicros) continue;
      if (this.#work === work) {
        this.#timer = this.#clock.setTimer(0 as Millis, () => this.#next(work), { background: true });
      }
      return;
    }
  }
}
