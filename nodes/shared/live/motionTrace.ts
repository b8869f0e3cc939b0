import type { MotionReading } from '../../../runtime/reading';

/** Specific force along x, y and z over the last seconds, m/s², oldest first. */
export interface MotionPreview {
  readonly kind: 'motion';
  readonly acceleration: readonly (readonly number[])[];
}

const SAMPLES = 200;

/** One sample in this time is drawn. */
const STEP_MICROS = 25_000;

/** The last seconds of motion, thinned out. */
export class MotionTrace {
  readonly #samples: (readonly [number, number, number])[] = [];
  #nextMicros = Number.NEGATIVE_INFINITY;

  append({ sampleMicros, acceleration: [x, y, z] }: MotionReading): void {
    for (const [index, micros] of sampleMicros.entries()) {
      if (micros < this.#nextMicros) continue;
      this.#nextMicros = micros + STEP_MICROS;
      this.#samples.push([x[index] ?? 0, y[index] ?? 0, z[index] ?? 0]);
      if (this.#samples.length > SAMPLES) this.#samples.shift();
    }
  }

  preview(): MotionPreview {
    const axis = (number: 0 | 1 | 2): readonly number[] => this.#samples.map((sample) => rounded(sample[number]));
    return { kind: 'motion', acceleration: [axis(0), axis(1), axis(2)] };
  }
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
