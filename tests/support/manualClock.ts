import type { Clock, Micros, Millis } from '../../runtime/clock';

interface Alarm {
  readonly dueMicros: Micros;
  readonly callback: () => void;
}

/** A clock that stands still until it is told to go on. */
export class ManualClock implements Clock {
  readonly #alarms = new Set<Alarm>();
  readonly #turns: number;
  #micros: Micros = 0;
  /** Wall time when the clock was made; may be changed at any time, as wall clocks jump. */
  epochStartMicros: Micros = 1_700_000_000_000_000;

  /** @param turns - Rounds of the event loop that whatever waits for a timer gets before the next one. */
  constructor({ turns = 20 }: { readonly turns?: number } = {}) {
    this.#turns = turns;
  }

  epochMicros(): Micros {
    return this.epochStartMicros + this.#micros;
  }

  monotonicMicros(): Micros {
    return this.#micros;
  }

  setTimer(delay: Millis, callback: () => void): { cancel(): void } {
    const alarm = { dueMicros: this.#micros + Math.max(0, delay) * 1000, callback };
    this.#alarms.add(alarm);
    return { cancel: () => this.#alarms.delete(alarm) };
  }

  /** Timers that were set and neither fired nor cancelled. */
  get waiting(): number {
    return this.#alarms.size;
  }

  /** Lets time pass without any timer: as when the machine sleeps. */
  sleep(millis: number): void {
    this.#micros += millis * 1000;
  }

  /** Lets time pass; timers fire in their order, and what waits for them gets its turn before the next one. */
  async advance(millis: number): Promise<void> {
    const end = this.#micros + millis * 1000;
    await this.#wait();
    for (let next = this.#nextBefore(end); next !== undefined; next = this.#nextBefore(end)) {
      this.#alarms.delete(next);
      this.#micros = Math.max(this.#micros, next.dueMicros);
      next.callback();
      await this.#wait();
    }
    this.#micros = end;
  }

  #nextBefore(end: Micros): Alarm | undefined {
    return [...this.#alarms]
      .filter(({ dueMicros }) => dueMicros <= end)
      .toSorted((a, b) => a.dueMicros - b.dueMicros)[0];
  }

  /** Lets everything happen that needs no time: promises, and reads of small files that are ready. */
  async #wait(): Promise<void> {
    for (let turn = 0; turn < this.#turns; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
