import type { Clock, Millis, Timer } from '../../clock';

/** Ends what its signal is given to when nothing has come for so long; noticed after at most twice that. */
export class StallWatch {
  readonly #controller = new AbortController();
  readonly #clock: Clock;
  readonly #longest: Millis;
  #timer: Timer;
  #hasCome: boolean = false;

  constructor(clock: Clock, longest: Millis) {
    this.#clock = clock;
    this.#longest = longest;
    this.#timer = this.#start();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Something has come. */
  touch(): void {
    this.#hasCome = true;
  }

  stop(): void {
    this.#timer.cancel();
  }

  #start(): Timer {
    return this.#clock.setTimer(this.#longest, () => {
      if (!this.#hasCome) {
        this.#controller.abort();
        return;
      }
      this.#hasCome = false;
      this.#timer = this.#start();
    });
  }
}
