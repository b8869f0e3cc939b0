import type { Clock, Micros } from '../../runtime/clock';

/** Messages that may wait for a node that loads gigabytes; what comes later is lost, as what it says is old by then. */
const MOST_WAITING = 100;

/** A node that could not start says so again for what it gets, so often. */
const SAID_AGAIN_MICROS = 10_000_000;

/** What a node is given before it is ready, or when it never will be: bounded, counted, and no flood of errors. */
export class Entrance {
  readonly #started: Promise<void>;
  readonly #clock: Clock;
  #state: 'starting' | 'ready' | 'failed' = 'starting';
  #waiting = 0;
  #lost = 0;
  #saidMicros: Micros = Number.NEGATIVE_INFINITY;

  /** @param started - Whether the node is ready; rejects with why it never will be. */
  constructor(started: Promise<void>, options: { readonly clock: Clock; readonly warn: (text: string) => void }) {
    this.#started = started;
    this.#clock = options.clock;
    started.then(
      () => {
        this.#state = 'ready';
        if (this.#lost > 0) options.warn(`${this.#lost} messages came before this node was ready, and are lost`);
      },
      () => {
        this.#state = 'failed';
      },
    );
  }

  /** Does the work once the node is ready; nothing where the message is lost. */
  admit(work: () => Promise<void>): Promise<void> | undefined {
    switch (this.#state) {
      case 'ready':
        return work();
      case 'failed':
        return this.#maySay() ? this.#started : undefined;
      case 'starting':
        return this.#wait(work);
    }
  }

  #wait(work: () => Promise<void>): Promise<void> | undefined {
    if (this.#waiting >= MOST_WAITING) {
      this.#lost++;
      return undefined;
    }
    this.#waiting++;
    return this.#started.then(work, (error: unknown) => {
      if (this.#maySay()) throw error;
      // Neither done nor, once more, failed.
      return new Promise<never>(() => undefined);
    });
  }

  #maySay(): boolean {
    const nowMicros = this.#clock.monotonicMicros();
    if (nowMicros - this.#saidMicros < SAID_AGAIN_MICROS) return false;
    this.#saidMicros = nowMicros;
    return true;
  }
}
