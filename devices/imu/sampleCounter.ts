import type { Micros, Millis } from '../../runtime/clock';
import { DeviceClock } from '../deviceClock';

/** Rates of sensors are nominal: their oscillators are off by a few per cent at most. */
const MAX_DRIFT = 0.05;

/** At least ten samples a window, so that one of them comes without a delay; short, as the rate is not known well. */
const WINDOW_SAMPLES = 10;
const SHORTEST_WINDOW_MILLIS = 250;

/** Even spacing for the samples of a device that measures at a fixed rate, from their number and when they came. */
export class SampleCounter {
  readonly #clock: DeviceClock;
  readonly #periodMicros: Micros;
  #count = 0;

  constructor(rateHz: number) {
    this.#periodMicros = 1e6 / rateHz;
    const window = Math.max(SHORTEST_WINDOW_MILLIS, (WINDOW_SAMPLES * 1000) / rateHz) as Millis;
    this.#clock = new DeviceClock({ maxDrift: MAX_DRIFT, window });
  }

  /**
   * When a sample was measured, on the monotonic clock.
   *
   * @param steps - Samples since the one before, this one included: 1 when none was lost.
   */
  next(steps: number, arrivedMicros: Micros): Micros {
    this.#count += steps;
    return this.#clock.map(Math.round(this.#count * this.#periodMicros), arrivedMicros);
  }
}
