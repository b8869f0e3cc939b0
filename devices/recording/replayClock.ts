import type { Clock, Micros, Millis, Timer } from '../../runtime/clock';

interface Alarm {
  readonly dueMicros: Micros;
  readonly callback: () => void;
}

/**
 * The clock of the machine that recorded: it stands still between two items of a recording. What runs by it does the same
 * in every replay, however fast the machine is.
 */
export class ReplayClock implements Clock {
  readonly #alarms = new Set<Alarm>();
  #epochMicros: Micros = 0;
  #monotonicMicros: Micros = 0;

  epochMicros(): Micros {
    return this.#epochMicros;
  }

  monotonicMicros(): Micros {
    return this.#monotonicMicros;
  }

  setTimer(delay: Millis, callback: () => void): Timer {
    const alarm = { dueMicros: this.#monotonicMicros + Math.max(0, delay) * 1000, callback };
    this.#alarms.add(alarm);
    return { cancel: () => this.#alarms.delete(alarm) };
  }

  /** Goes on to an instant; timers fire on the way, each at its time. The monotonic clock never runs backwards. */
  advance(instant: { readonly epochMicros: Micros; readonly monotonicMicros: Micros }): void {
    const offsetMicros = instant.epochMicros - instant.monotonicMicros;
    for (;;) {
      const next = this.#nextBefore(instant.monotonicMicros);
      if (next === undefined) break;
      this.#alarms.delete(next);
      this.#monotonicMicros = Math.max(this.#monotonicMicros, next.dueMicros);
      this.#epochMicros = Math.round(this.#monotonicMicros + offsetMicros);
      next.callback();
    }
    this.#monotonicMicros = Math.max(this.#monotonicMicros, instant.monotonicMicros);
    this.#epochMicros = instant.epochMicros;
  }

  #nextBefore(endMicros: Micros): Alarm | undefined {
    let next: Alarm | undefined;
    for (const alarm of this.#alarms) {
      if (alarm.dueMicros <= endMicros && (next === undefined || alarm.dueMicros < next.dueMicros)) next = alarm;
    }
    return next;
  }
}
