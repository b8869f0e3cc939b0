import { sine } from '../maths';
import type { Random } from '../random';
import { type Axes, addAlong, MOTION_RATE_HZ, type MotionBlock, type MotionPart } from './motionPart';

/** A steady shaking, or one that changes with the seconds since its event started. */
export class Vibration implements MotionPart {
  readonly #options: VibrationOptions;
  readonly #phases: readonly [number, number];

  constructor(random: Random, options: VibrationOptions) {
    this.#options = options;
    this.#phases = [random.next(), random.next()];
  }

  add(block: MotionBlock, firstSample: number): void {
    const { hertz, level, axes, crossAxes } = this.#options;
    for (let index = 0; index < block[0].length; index++) {
      const seconds = (firstSample + index) / MOTION_RATE_HZ;
      const now = typeof level === 'number' ? level : level(seconds);
      if (now === 0) continue;
      addAlong(block, index, now * sine(hertz * seconds + this.#phases[0]), axes);
      if (crossAxes) addAlong(block, index, now * sine(hertz * seconds + this.#phases[1]), crossAxes);
    }
  }
}

interface VibrationOptions {
  readonly hertz: number;
  readonly level: number | ((seconds: number) => number);
  readonly axes: Axes;
  /** Shaken at the same frequency, at another moment of it. */
  readonly crossAxes?: Axes;
}

/** Shaking without a frequency. */
export class Rumble implements MotionPart {
  readonly #random: Random;
  readonly #level: number | ((seconds: number) => number);
  readonly #axes: readonly Axes[];

  /** @param axes - Each is shaken on its own. */
  constructor(
    random: Random,
    options: { readonly level: number | ((seconds: number) => number); readonly axes: readonly Axes[] },
  ) {
    this.#random = random.fork();
    this.#level = options.level;
    this.#axes = options.axes;
  }

  add(block: MotionBlock, firstSample: number): void {
    for (let index = 0; index < block[0].length; index++) {
      const seconds = (firstSample + index) / MOTION_RATE_HZ;
      const now = typeof this.#level === 'number' ? this.#level : this.#level(seconds);
      for (const axes of this.#axes) {
        const value = this.#random.bell();
        if (now !== 0) addAlong(block, index, now * value, axes);
      }
    }
  }
}
