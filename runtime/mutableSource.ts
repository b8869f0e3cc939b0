import type { Mutes } from './mutes';
import type { Modality } from './reading';
import type { Source, SourceEvents, SourceStatus } from './source';

const MUTED: SourceStatus = { state: 'disabled', reason: 'muted' };

/** A source that can be muted while it runs: its device is then closed, not only ignored. */
export class MutableSource implements Source {
  readonly #create: () => Source;
  readonly #mutes: Mutes;
  #source: Source | undefined;
  #events: SourceEvents | undefined;
  #unsubscribe: () => void = () => {};
  /** Muting and unmuting, one after the other. */
  #change: Promise<void> = Promise.resolve();
  #isClosed: boolean = false;

  /** @param create - Makes the source anew, each time that it is unmuted. */
  constructor(
    readonly id: string,
    readonly modality: Modality,
    options: { readonly create: () => Source; readonly mutes: Mutes },
  ) {
    this.#create = options.create;
    this.#mutes = options.mutes;
  }

  get status(): SourceStatus {
    if (this.#source !== undefined) return this.#source.status;
    return this.#mutes.isMuted(this.id) ? MUTED : { state: 'offline', reason: 'not started' };
  }

  start(events: SourceEvents): void {
    this.#events = events;
    this.#unsubscribe = this.#mutes.subscribe(() => this.#follow());
    if (this.#mutes.isMuted(this.id)) events.status(MUTED);
    else this.#open(events);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#unsubscribe();
    await this.#change;
    await this.#source?.close();
  }

  #follow(): void {
    this.#change = this.#change.then(() => this.#apply());
  }

  async #apply(): Promise<void> {
    const events = this.#events;
    const isMuted = this.#mutes.isMuted(this.id);
    if (this.#isClosed || events === undefined || isMuted === (this.#source === undefined)) return;
    if (!isMuted) {
      this.#open(events);
      return;
    }
    const source = this.#source;
    this.#source = undefined;
    await source?.close();
    events.interrupted();
    events.status(MUTED);
  }

  #open(events: SourceEvents): void {
    this.#source = this.#create();
    this.#source.start(events);
  }
}
