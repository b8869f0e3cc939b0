import { sine } from '../maths';
import type { Random } from '../random';
import { CONTROL_SAMPLES, type Curve, curveOf, SOUND_RATE_HZ, type Voice } from './voice';

const TABLE = 1024;
const HIGHEST_HZ = 7600;

/** A tone with overtones: motors, sirens, voices. */
export class Hum implements Voice {
  readonly #period: Float64Array;
  readonly #hertz: Curve;
  readonly #level: Curve;
  #phase: number;

  /**
   * @param options.harmonics - Strengths of the first, second, … overtone; those too high for the microphone are left out.
   * @param options.highestHz - The highest frequency of the base tone, where it changes.
   */
  constructor(
    random: Random,
    options: {
      readonly hertz: number | Curve;
      readonly harmonics: readonly number[];
      readonly level: number | Curve;
      readonly highestHz?: number;
    },
  ) {
    const highest = options.highestHz ?? (typeof options.hertz === 'number' ? options.hertz : 1000);
    this.#hertz = curveOf(options.hertz);
    this.#level = curveOf(options.level);
    this.#period = new Float64Array(TABLE + 1);
    options.harmonics.forEach((strength, index) => {
      const phase = random.next();
      if ((index + 1) * highest > HIGHEST_HZ || strength === 0) return;
      for (let at = 0; at <= TABLE; at++) {
        this.#period[at] = (this.#period[at] ?? 0) + strength * sine(phase + ((index + 1) * at) / TABLE);
      }
    });
    this.#phase = random.next();
  }

  add(block: Float32Array, firstSample: number): void {
    const period = this.#period;
    let phase = this.#phase;
    for (let start = 0; start < block.length; start += CONTROL_SAMPLES) {
      const seconds = (firstSample + start) / SOUND_RATE_HZ;
      const before = this.#level(seconds);
      const change = (this.#level(seconds + CONTROL_SAMPLES / SOUND_RATE_HZ) - before) / CONTROL_SAMPLES;
      const step = this.#hertz(seconds) / SOUND_RATE_HZ;
      for (let index = 0; index < CONTROL_SAMPLES; index++) {
        phase += step;
        phase -= Math.floor(phase);
        const at = phase * TABLE;
        const left = Math.floor(at);
        const value = (period[left] ?? 0) + (at - left) * ((period[left + 1] ?? 0) - (period[left] ?? 0));
        block[start + index] = (block[start + index] ?? 0) + (before + change * index) * value;
      }
    }
    this.#phase = phase;
  }
}
