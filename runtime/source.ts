import { type Clock, type Millis, sleep } from './clock';
import { isSensebindError, messageOf, SensebindError } from './errors';
import type { Driver, Loss, Modality, Reading, ReadingSink } from './reading';
import { RestartPolicy } from './restarts';

export type SourceState = 'offline' | 'online' | 'degraded' | 'disabled';

/** The state of a source, and the reason in words wherever it is not `online`. */
export interface SourceStatus {
  readonly state: SourceState;
  readonly reason?: string;
  /** What went wrong, where something did. */
  readonly error?: SensebindError;
}

/** What a source tells whoever started it. */
export interface SourceEvents {
  reading(reading: Reading): void;
  /** Something that the device sent did not become a reading. */
  lost(reason: Loss, amount: number): void;
  /** What follows is no longer contiguous with what came before. */
  interrupted(): void;
  status(status: SourceStatus): void;
  /** It has nothing more to read, ever. */
  ended(): void;
}

/** One configured device, kept alive. */
export interface Source {
  readonly id: string;
  readonly modality: Modality;
  readonly status: SourceStatus;
  start(events: SourceEvents): void;
  /** Always ends; no event follows. */
  close(): Promise<void>;
}

/** How often to look whether an absent device is back (design.md rule 3). */
const ABSENCE_POLL = 1000 as Millis;

/**
 * Runs a driver, and again when it fails: with back-off, then `degraded` once a minute (design.md rule 3). An absent
 * device is waited for without using up restarts.
 */
export class SupervisedSource implements Source {
  readonly #driver: Driver;
  readonly #clock: Clock;
  readonly #restarts: RestartPolicy;
  readonly #stop = new AbortController();
  #status: SourceStatus = { state: 'offline', reason: 'not started' };
  #running: Promise<void> = Promise.resolve();

  constructor(
    readonly id: string,
    driver: Driver,
    options: { readonly clock: Clock },
  ) {
    this.#driver = driver;
    this.#clock = options.clock;
    this.#restarts = new RestartPolicy(options.clock);
  }

  get modality(): Modality {
    return this.#driver.modality;
  }

  get status(): SourceStatus {
    return this.#status;
  }

  start(events: SourceEvents): void {
    this.#running = this.#supervise(events);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    this.#status = { state: 'offline', reason: 'closed' };
  }

  async #supervise(events: SourceEvents): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const failure = await this.#runOnce(events);
      if (signal.aborted) return;
      if (!failure) {
        this.#set({ state: 'offline', reason: 'played to its end' }, events);
        events.ended();
        return;
      }
      const { status, delay } = this.#afterFailure(failure);
      this.#set(status, events);
      await sleep(this.#clock, delay, signal);
      events.interrupted();
    }
  }

  /** One run of the driver; what it failed with, or `undefined` when it came to its end. */
  async #runOnce(events: SourceEvents): Promise<SensebindError | undefined> {
    const { signal } = this.#stop;
    const sink: ReadingSink = {
      reading: (reading) => {
        if (signal.aborted) return;
        if (this.#status.state !== 'online') {
          this.#restarts.succeeded();
          this.#set({ state: 'online' }, events);
        }
        events.reading(reading);
      },
      lost: (reason, amount) => events.lost(reason, amount),
    };
    try {
      await this.#driver.run(sink, signal);
      return undefined;
    } catch (error) {
      return isSensebindError(error) ? error : unexpected(this.id, error);
    }
  }

  #afterFailure(error: SensebindError): { readonly status: SourceStatus; readonly delay: Millis } {
    if (error.code === 'DEVICE_ABSENT') {
      return { status: { state: 'offline', reason: error.message, error }, delay: ABSENCE_POLL };
    }
    const after = this.#restarts.failed();
    const state = after.kind === 'degraded' ? 'degraded' : 'offline';
    return { status: { state, reason: error.message, error }, delay: after.delay };
  }

  #set(status: SourceStatus, events: SourceEvents): void {
    const before = this.#status;
    this.#status = status;
    if (before.state !== status.state || before.reason !== status.reason) events.status(status);
  }
}

/** A source that the configuration switched off: known, visible, never started. */
export class DisabledSource implements Source {
  readonly status: SourceStatus = { state: 'disabled', reason: 'switched off in the configuration' };

  constructor(
    readonly id: string,
    readonly modality: Modality,
  ) {}

  start(events: SourceEvents): void {
    events.status(this.status);
  }

  async close(): Promise<void> {}
}

function unexpected(id: string, error: unknown): SensebindError {
  return new SensebindError(
    'DEVICE_FAILED',
    `expected readings from "${id}", found: ${messageOf(error)}`,
    'report this with the log: a driver must not fail this way',
    { cause: error },
  );
}
