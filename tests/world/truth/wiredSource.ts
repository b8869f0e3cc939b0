import type { Modality, Reading, ReadingSink } from '../../../runtime/reading';
import type { Source, SourceEvents, SourceStatus } from '../../../runtime/source';
import { openWire, type Wire, type WireContext } from './wires';

/** A source of the pipeline that is fed over a wire, when it is told to, and that can be unplugged. */
export class WiredSource implements Source {
  readonly #context: Omit<WireContext, 'sink'>;
  #events: SourceEvents | undefined;
  #wire: Wire | undefined;
  #status: SourceStatus = { state: 'offline', reason: 'not started' };

  constructor(
    readonly id: string,
    readonly modality: Modality,
    context: Omit<WireContext, 'sink' | 'source'>,
  ) {
    this.#context = { ...context, source: id };
  }

  get status(): SourceStatus {
    return this.#status;
  }

  start(events: SourceEvents): void {
    this.#events = events;
    this.plugIn();
  }

  /** Bytes come again, from a device that has just been opened. */
  plugIn(): void {
    this.#wire = openWire({ ...this.#context, sink: this.#sink() });
    this.#set({ state: 'online' });
  }

  unplug(): void {
    this.#wire = undefined;
    this.#set({ state: 'offline', reason: 'unplugged' });
    this.#events?.interrupted();
  }

  /** What the sensor sees at this moment; lost where it is unplugged. */
  see(seen: Reading): void {
    this.#wire?.(seen);
  }

  async close(): Promise<void> {
    this.#wire = undefined;
    this.#status = { state: 'offline', reason: 'closed' };
  }

  #sink(): ReadingSink {
    return {
      reading: (reading) => this.#events?.reading(reading),
      lost: (reason, amount) => this.#events?.lost(reason, amount),
    };
  }

  #set(status: SourceStatus): void {
    this.#status = status;
    this.#events?.status(status);
  }
}
