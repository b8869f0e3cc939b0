import type { Micros, Millis } from '../runtime/clock';

/** How a device's clock is known to behave. */
export interface DeviceClockOptions {
  /**
   * The largest share by which it may be fast or slow. Crystals are off by 100 ppm at most: a larger slope comes from
   * delays, not from the clock. Default: 500 ppm. For counters of samples, whose rate is only nominal, state more.
   */
  readonly maxDrift?: number;
  /** How long a smallest delay is looked for: at least one message must come through without a delay. Default: 1 s. */
  readonly window?: Millis;
}

/** Windows that the drift is estimated from: half a minute, as crystals change with temperature. */
const WINDOWS = 30;

/** A jump of the offset by more than this means that the device started anew. */
const RESET_MICROS = 100_000;

/** The message with the smallest delay of one window: its device time, and the offset that it gives. */
interface Minimum {
  readonly deviceMicros: Micros;
  readonly offsetMicros: Micros;
}

/** Offset against device time. */
interface Line extends Minimum {
  readonly drift: number;
}

/**
 * Maps times of a device's own clock to the monotonic clock of the host (reference/devices.md §9). Messages are only
 * ever late, so the smallest difference between arrival and device time in a window is close to the true offset, and
 * the line below the smallest differences of many windows has the clock's drift as its slope. Jitter of single messages
 * does not reach the result, nor does a host that was busy for some seconds.
 */
export class DeviceClock {
  readonly #maxDrift: number;
  readonly #windowMicros: Micros;
  #minima: readonly Minimum[] = [];
  #line: Line | undefined;
  #current: Minimum | undefined;
  #windowStartMicros: Micros = 0;
  /** How far messages of the current window lie below the line: it is that much too high. */
  #belowMicros = 0;
  #lastMicros: Micros = Number.NEGATIVE_INFINITY;
  #resets = 0;

  constructor({ maxDrift = 500e-6, window = 1000 as Millis }: DeviceClockOptions = {}) {
    this.#maxDrift = maxDrift;
    this.#windowMicros = window * 1000;
  }

  /** How often the device's clock started anew. */
  get resets(): number {
    return this.#resets;
  }

  /**
   * The host's monotonic time of something that the device stamped. Never runs backwards, except after a reset of the
   * device's clock; never later than `arrivedMicros`, unless that ran backwards.
   *
   * @param arrivedMicros - When it came, monotonic.
   */
  map(deviceMicros: Micros, arrivedMicros: Micros): Micros {
    const seen = { deviceMicros, offsetMicros: arrivedMicros - deviceMicros };
    if (this.#hasMoved(seen)) this.#reset();
    this.#note(seen);
    const offsetMicros = this.#line === undefined ? this.#lowest(seen) : this.#onLine(deviceMicros) - this.#belowMicros;
    const mapped = Math.min(Math.round(deviceMicros + offsetMicros), arrivedMicros);
    this.#lastMicros = Math.max(this.#lastMicros, mapped);
    return this.#lastMicros;
  }

  /** Device time that runs backwards, or a message before its time: another start. A late message is only late. */
  #hasMoved({ deviceMicros, offsetMicros }: Minimum): boolean {
    if (this.#current === undefined) return false;
    const expected = this.#line === undefined ? this.#current.offsetMicros : this.#onLine(deviceMicros);
    if (offsetMicros < expected - RESET_MICROS) return true;
    return deviceMicros < this.#windowStartMicros && offsetMicros > expected + RESET_MICROS;
  }

  #reset(): void {
    this.#minima = [];
    this.#line = undefined;
    this.#current = undefined;
    this.#belowMicros = 0;
    this.#lastMicros = Number.NEGATIVE_INFINITY;
    this.#resets++;
  }

  #note(seen: Minimum): void {
    if (this.#current === undefined || seen.deviceMicros - this.#windowStartMicros >= this.#windowMicros) {
      this.#closeWindow();
      this.#windowStartMicros = seen.deviceMicros;
      this.#current = seen;
    } else if (this.#heightOf(seen) < this.#heightOf(this.#current)) this.#current = seen;
    this.#belowMicros = Math.max(0, -this.#heightOf(this.#current));
  }

  #closeWindow(): void {
    const closed = this.#current;
    if (closed === undefined) return;
    if (this.#line !== undefined && this.#heightOf(closed) > RESET_MICROS) {
      // A whole window late: its clock stood still, or went back by less than a window.
      this.#reset();
    }
    this.#minima = [...this.#minima.slice(1 - WINDOWS), closed];
    this.#line = lineBelow(this.#minima, this.#maxDrift);
  }

  /** How much later than the line a message came. */
  #heightOf({ deviceMicros, offsetMicros }: Minimum): number {
    return this.#line === undefined ? offsetMicros : offsetMicros - this.#onLine(deviceMicros);
  }

  #onLine(deviceMicros: Micros): number {
    const line = this.#line;
    return line === undefined ? 0 : line.offsetMicros + line.drift * (deviceMicros - line.deviceMicros);
  }

  /** Before there is a line: the smallest offset so far. */
  #lowest(seen: Minimum): number {
    return [...this.#minima, this.#current ?? seen].reduce(
      (lowest, { offsetMicros }) => Math.min(lowest, offsetMicros),
      seen.offsetMicros,
    );
  }
}

/**
 * The line that lies below all points and as close to them as one can: it goes along the edge of their lower hull at
 * their mean time (Moon, Skelly and Towsley, "Estimation and removal of clock skew from network delay measurements",
 * 1999). Points that are too high, from a busy host, do not touch it. Nothing for fewer than two points.
 */
function lineBelow(points: readonly Minimum[], maxDrift: number): Line | undefined {
  const hull: Minimum[] = [];
  for (const point of points) {
    let [before, last] = hull.slice(-2);
    while (before !== undefined && last !== undefined && slope(before, last) >= slope(last, point)) {
      hull.pop();
      [before, last] = hull.slice(-2);
    }
    hull.push(point);
  }
  const mean = points.reduce((sum, { deviceMicros }) => sum + deviceMicros / points.length, 0);
  const right = hull.findIndex(({ deviceMicros }) => deviceMicros >= mean);
  const [from, to] = [hull[right - 1], hull[right]];
  if (from === undefined || to === undefined) return undefined;
  const drift = Math.max(-maxDrift, Math.min(maxDrift, slope(from, to)));
  // With a limited slope the edge may cross the points; the lowest one carries the line then.
  const [first = from, ...others] = points;
  const height = ({ deviceMicros, offsetMicros }: Minimum): number => offsetMicros - drift * (deviceMicros - mean);
  const carrier = others.reduce((lowest, point) => (height(point) < height(lowest) ? point : lowest), first);
  return { ...carrier, drift };
}

function slope(from: Minimum, to: Minimum): number {
  return (to.offsetMicros - from.offsetMicros) / (to.deviceMicros - from.deviceMicros);
}
