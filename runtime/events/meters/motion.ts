import type { Micros } from '../../clock';
import type { Reading } from '../../reading';
import type { Measurement, Meter } from '../measures';

const PERIOD_MICROS = 100_000;

/** Standard gravity, m/s². */
const GRAVITY = 9.80665;

/** The strongest acceleration, a tenth of a second at a time, whatever the blocks. */
export class MotionMeter implements Meter {
  #startMicros: Micros | undefined;
  #most = 0;

  measure(reading: Reading): readonly Measurement[] {
    if (reading.modality !== 'imu') return [];
    const [x, y, z] = reading.acceleration;
    const wallMinusMonotonic = reading.timeMicros - reading.monotonicMicros;
    const found: Measurement[] = [];
    for (let index = 0; index < reading.sampleMicros.length; index++) {
      const monotonicMicros = reading.sampleMicros[index] ?? 0;
      const g = Math.hypot(x[index] ?? 0, y[index] ?? 0, z[index] ?? 0) / GRAVITY;
      this.#startMicros ??= monotonicMicros;
      // What is not a number must be seen, and nothing is more than that.
      if (g > this.#most || Number.isNaN(g)) this.#most = g;
      if (monotonicMicros - this.#startMicros < PERIOD_MICROS) continue;
      found.push({ value: this.#most, at: { monotonicMicros, epochMicros: monotonicMicros + wallMinusMonotonic } });
      this.#startMicros = monotonicMicros;
      this.#most = 0;
    }
    return found;
  }
}
