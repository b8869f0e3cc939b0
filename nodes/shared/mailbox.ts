import { SensebindError } from '../../runtime/errors';

/** What happens to work that comes while other work is done. */
export type Overload =
  /** It waits for its turn, as long as there is room; then it is refused. */
  | 'queue'
  /** It takes the place of what waits under the same key. */
  | 'newest';

interface Waiting {
  readonly key: string;
  readonly work: () => Promise<void>;
  readonly settle: (outcome: Promise<void>) => void;
}

/**
 * Does one piece of work after the other. Node-RED has no backpressure (reference/nodered.md §6), so what waits is bounded
 * here, and what finds no room is counted.
 */
export class Mailbox {
  readonly #limit: number;
  readonly #overload: Overload;
  readonly #waiting: Waiting[] = [];
  #isBusy: boolean = false;
  #refused = 0;
  #replaced = 0;

  /** @param options - `limit`: how much may wait. */
  constructor(options: { readonly limit: number; readonly overload: Overload }) {
    this.#limit = options.limit;
    this.#overload = options.overload;
  }

  /** How much found no room, or was replaced by something newer. */
  get dropped(): number {
    return this.#refused + this.#replaced;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Resolves when the work is done, or when newer work has taken its place.
   *
   * @throws {SensebindError} `QUEUE_FULL`; what the work throws.
   */
  submit(key: string, work: () => Promise<void>): Promise<void> {
    return new Promise((settle) => {
      const entry: Waiting = { key, work, settle };
      const index = this.#overload === 'newest' ? this.#waiting.findIndex((older) => older.key === key) : -1;
      const older = this.#waiting[index];
      if (older !== undefined) {
        this.#replaced++;
        this.#waiting[index] = entry;
        older.settle(Promise.resolve());
      } else if (this.#isBusy && this.#waiting.length >= this.#limit) {
        this.#refused++;
        settle(Promise.reject(this.#full()));
      } else {
        this.#waiting.push(entry);
        if (!this.#isBusy) void this.#work();
      }
    });
  }

  /** What waits is given up; what is being done is done. */
  clear(): void {
    for (const { settle } of this.#waiting.splice(0)) settle(Promise.resolve());
  }

  async #work(): Promise<void> {
    this.#isBusy = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const outcome = next.work();
      next.settle(outcome);
      await outcome.catch(() => undefined);
    }
    this.#isBusy = false;
  }

  #full(): SensebindError {
    return new SensebindError(
      'QUEUE_FULL',
      `expected at most ${this.#limit} messages that wait, found one more`,
      'send them more slowly, let more of them wait, or let the newest win',
    );
  }
}
