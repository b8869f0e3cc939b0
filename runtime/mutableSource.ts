import type { Modality } from './reading';
import type { Source, SourceEvents, SourceStatus } from './source';
import type { SwitchedOff } from './switchedOff';

const MUTED: SourceStatus = { state: 'disabled', reason: 'muted' };
const NOT_STARTED: SourceStatus = { state: 'offline', reason: 'not started' };
const DISABLED: SourceStatus = { state: 'disabled', reason: 'disabled over MQTT' };

/** A source that can be muted and restarted while it runs: its device is then closed, not only ignored. */
export class MutableSource implements Source {
  readonly #create: () => Source;
  readonly #switches: readonly { readonly off: SwitchedOff; readonly status: SourceStatus }[];
  #source: Source | undefined;
  #events: SourceEvents | undefined;
  #unsubscribe: readonly (() => void)[] = [];
  /** Muting and unmuting, one after the other. */
  #change: Promise<void> = Promise.resolve();
  #isClosed: boolean = false;

  /**
   * @param options - `create` makes the source anew, each time that it is unmuted; `disabled` says which sources somebody
   * switched off from afar, who cannot switch on what was muted on the spot.
   */
  constructor(
    readonly id: string,
    readonly modality: Modality,
    options: { readonly create: () => Source; readonly mutes: SwitchedOff; readonly disabled?: SwitchedOff },
  ) {
    const { create, mutes, disabled } = options;
    this.#create = create;
    this.#switches = [
      { off: mutes, status: MUTED },
      ...(disabled === undefined ? [] : [{ off: disabled, status: DISABLED }]),
    ];
  }

  get status(): SourceStatus {
    if (this.#source !== undefined) return this.#source.status;
    return this.#off() ?? NOT_STARTED;
  }

  start(events: SourceEvents): void {
    this.#events = events;
    this.#unsubscribe = this.#switches.map(({ off }) => off.subscribe(() => this.#follow()));
    const off = this.#off();
    if (off !== undefined) events.status(off);
    else this.#open(events, this.#create);
  }

  /** Closes the device and opens it anew. Resolves when that is done: false where it was not, since the source is off. */
  restart(): Promise<boolean> {
    return this.#replace(this.#create);
  }

  /** Resolves when what was switched before is done. */
  settled(): Promise<void> {
    return this.#change;
  }

  /**
   * Closes the device, and plays something else in its place until that has come to its end, until a restart, or until the
   * source is switched off. Resolves when it plays: false where it does not, since the source is off.
   */
  playInstead(guest: Source): Promise<boolean> {
    return this.#replace(() => guest);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    await this.#change;
    await this.#source?.close();
  }

  #follow(): void {
    this.#change = this.#change.then(() => this.#apply());
  }

  async #apply(): Promise<void> {
    const events = this.#events;
    const off = this.#off();
    if (this.#isClosed || events === undefined || (off !== undefined) === (this.#source === undefined)) return;
    if (off === undefined) {
      // Its device may take its time.
      events.status(NOT_STARTED);
      this.#open(events, this.#create);
      return;
    }
    await this.#shut(events);
    events.status(off);
  }

  #replace(create: () => Source): Promise<boolean> {
    const replaced = this.#change.then(async () => {
      const events = this.#events;
      if (this.#isClosed || events === undefined || this.#source === undefined) return false;
      await this.#shut(events);
      if (this.#isClosed) return false;
      const off = this.#off();
      if (off === undefined) this.#open(events, create);
      else events.status(off);
      return off === undefined;
    });
    this.#change = replaced.then(() => undefined);
    return replaced;
  }

  async #shut(events: SourceEvents): Promise<void> {
    const source = this.#source;
    this.#source = undefined;
    await source?.close();
    events.interrupted();
  }

  #off(): SourceStatus | undefined {
    return this.#switches.find(({ off }) => off.isOff(this.id))?.status;
  }

  #open(events: SourceEvents, create: () => Source): void {
    const source = create();
    this.#source = source;
    const isGuest = create !== this.#create;
    // The end of what was played in its place is not the end of the device.
    source.start(isGuest ? { ...tellingAll(events), ended: () => this.#guestEnded(source) } : events);
  }

  #guestEnded(guest: Source): void {
    if (this.#source === guest) void this.#replace(this.#create);
  }
}

/** The same, without being tied to an object. */
function tellingAll(events: SourceEvents): SourceEvents {
  return {
    reading: (reading) => events.reading(reading),
    lost: (reason, amount) => events.lost(reason, amount),
    interrupted: () => events.interrupted(),
    status: (status) => events.status(status),
    ended: () => events.ended(),
  };
}
