import type { Micros, Millis } from '../runtime/clock';

/** How long a minimum is looked for: long enough that at least one message comes through without a delay. */
const WINDOW = 1000 as Millis;

/** Minima that the drift is estimated from: half a minute, as crystals change with temperature. */
const WINDOWS = 30;

/** Crystals are off by 100 ppm at most; a larger slope comes from delays, not from the clock. */
const MAX_DRIFT = 500e-6;

/** A jump of the offset by more than this means that the device started anew. */
const RESET_MICROS = 100_000;

/** The smallest delay of one window: where it was, in device time, and the offset it gives. */
interface Minimum {
  readonly deviceMicros: Micros;
  readonly offsetMicros: Micros;
}

/**
 * Maps times of a device's own clock to the monotonic clock of the host (reference/devices.md §9): messages are only
 * ever late, so the smallest difference between arrival and device time in a window is the true offset, and its change
 * over many windows is the drift. Jitter of single messages does not reach the result.
 */
export class DeviceClock {
  #minima: Minimum[] = [];
  #current: Minimum | undefined;
  #windowStartMicros: Micros = 0;
  #lastMicros: Micros = Number.NEGATIVE_INFINITY;
  #resets = 0;

  /** How often the device's clock started anew. */
  get resets(): number {
    return this.#resets;
  }

  /**
   * The host's monotonic time of something that the device stamped. Never runs backwards, except after a reset of the
   * device's clock.
   *
   * @param arrivedMicros - When it came, monotonic.
   */
  map(deviceMicros: Micros, arrivedMicros: Micros): Micros {
    const offsetMicros = arrivedMicros - deviceMicros;
    const expected = this.#offsetAt(deviceMicros);
    if (expected !== undefined && Math.abs(offsetMicros - expected) > RESET_MICROS)
      this.#resetIfMoved(deviceMicros, offsetMicros - expected);
    this.#note({ deviceMicros, offsetMicros });
    const mapped = Math.round(deviceMicros + (this.#offsetAt(deviceMicros) ?? offsetMicros));
    this.#lastMicros = Math.max(this.#lastMicros, Math.min(mapped, arrivedMicros));
    return this.#lastMicros;
  }

  /** Device time that runs backwards, or a message before its time: another start. A late message is only late. */
  #resetIfMoved(deviceMicros: Micros, changeMicros: Micros): void {
    const isBackwards = this.#current !== undefined && deviceMicros < this.#windowStartMicros;
    if (changeMicros > 0 && !isBackwards) return;
    this.#minima = [];
    this.#current = undefined;
    this.#lastMicros = Number.NEGATIVE_INFINITY;
    this.#resets++;
  }

  #note(seen: Minimum): void {
    if (this.#current === undefined) {
      this.#current = seen;
      this.#windowStartMicros = seen.deviceMicros;
      return;
    }
    if (seen.deviceMicros - this.#windowStartMicros < WINDOW * 1000) {
      if (seen.offsetMicros < this.#current.offsetMicros) this.#current = seen;
      return;
    }
    this.#minima = [...this.#minima.slice(1 - WINDOWS), this.#current];
    this.#current = seen;
    this.#windowStartMicros = seen.deviceMicros;
  }

  /** Least squares over the minima of whole windows; before there are two, the smallest offset so far. */
  #offsetAt(deviceMicros: Micros): number | undefined {
    const known = this.#minima;
    const [first] = known;
    if (first === undefined || known.length < 2) {
      const offsets = [...known, ...(this.#current === undefined ? [] : [this.#current])].map(
        (one) => one.offsetMicros,
      );
      return offsets.length === 0 ? undefined : Math.min(...offsets);
    }
    const mean = (of: (one: Minimum) => number): number => known.reduce((sum, one) => sum + of(one), 0) / known.length;
    const meanTime = mean((one) => one.deviceMicros - first.deviceMicros);
    const meanOffset = mean((one) => one.offsetMicros);
    const spread = mean((one) => (one.deviceMicros - first.deviceMicros - meanTime) ** 2);
    const joint = mean((one) => (one.deviceMicros - first.deviceMicros - meanTime) * (one.offsetMicros - meanOffset));
    const drift = spread === 0 ? 0 : Math.max(-MAX_DRIFT, Math.min(MAX_DRIFT, joint / spread));
    return meanOffset + drift * (deviceMicros - first.deviceMicros - meanTime);
  }
}
