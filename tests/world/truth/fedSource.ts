import type { Modality, Reading } from '../../../runtime/reading';
import type { Source, SourceEvents, SourceStatus } from '../../../runtime/source';

/** A source of the pipeline whose readings come from elsewhere, one by one, and that can be unplugged. */
export class FedSource implements Source {
  #events: SourceEvents | undefined;
  #status: SourceStatus = { state: 'offline', reason: 'not started' };

  constructor(
    readonly id: string,
    readonly modality: Modality,
  ) {}

  get status(): SourceStatus {
    return this.#status;
  }

  start(events: SourceEvents): void {
    this.#events = events;
    this.plugIn();
  }

  plugIn(): void {
    this.#set({ state: 'online' });
  }

  /** Nothing that is fed comes through until it is plugged in again. */
  unplug(): void {
    this.#set({ state: 'offline', reason: 'unplugged' });
    this.#events?.interrupted();
  }

  feed(reading: Reading): void {
    if (this.#status.state === 'online') this.#events?.reading(reading);
  }

  lose(...lost: Parameters<SourceEvents['lost']>): void {
    this.#events?.lost(...lost);
  }

  async close(): Promise<void> {
    this.#status = { state: 'offline', reason: 'closed' };
  }

  #set(status: SourceStatus): void {
    this.#status = status;
    this.#events?.status(status);
  }
}
