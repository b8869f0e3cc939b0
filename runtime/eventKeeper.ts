import type { SensebindError } from './errors';
import type { DetectorMemory } from './events/detector';
import { knownError } from './knownError';

/** Where the memory of a detector, or more than that, is kept over a restart. */
export interface EventStore<Memory = DetectorMemory> {
  /** What was saved last; `undefined` where nothing was, or what was cannot be read. */
  load(): Promise<Memory | undefined>;
  /** Durable when it resolves. */
  save(memory: Memory): Promise<void>;
}

/** Saves what a detector remembers, one save after the other: whatever happens during one is in the next. */
export class EventKeeper<Memory = DetectorMemory> {
  readonly #store: EventStore<Memory>;
  readonly #memory: () => Memory;
  readonly #onFailed: (error: SensebindError) => void;
  #running: Promise<void> | undefined;
  #isDirty: boolean = false;

  constructor(
    store: EventStore<Memory>,
    options: { readonly memory: () => Memory; readonly onFailed: (error: SensebindError) => void },
  ) {
    this.#store = store;
    this.#memory = options.memory;
    this.#onFailed = options.onFailed;
  }

  /** Saves soon. Never throws. */
  touch(): void {
    this.#isDirty = true;
    this.#running ??= this.#save();
  }

  /** Resolves when all that was touched is saved. */
  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #save(): Promise<void> {
    // Later, so that all events of one step are in one save.
    await Promise.resolve();
    while (this.#isDirty) {
      this.#isDirty = false;
      await this.#store.save(this.#memory()).catch((error: unknown) => this.#onFailed(knownError('rules', error)));
    }
    this.#running = undefined;
  }
}
