/** The largest 16-bit value: what a converter that ran out of range gives. */
const FULL_SCALE = 32_767 / 32_768;
/** Music that was normalised touches full scale with a sample or two; a flat top of three means that peaks are lost. */
const CLIPPED_RUN = 3;
/** −90 dBFS: one step of 16 bits. */
const SILENCE = 10 ** (-90 / 20);

const MARKS_PER_SECOND = 100;

/** Finds flat tops in samples that come in pieces: three or more in a row at or above full scale on the same side. */
export class ClippingDetector {
  #run = 0;
  #sign = 0;

  /** Index of the first sample at or after `from` that is the third, or a later one, of a flat top; −1 for none. */
  next(samples: Float32Array, from: number): number {
    for (let index = from; index < samples.length; index++) {
      const sample = samples[index] ?? 0;
      const sign = sample >= FULL_SCALE ? 1 : sample <= -FULL_SCALE ? -1 : 0;
      this.#run = sign !== 0 && sign === this.#sign ? this.#run + 1 : 1;
      this.#sign = sign;
      if (sign !== 0 && this.#run >= CLIPPED_RUN) return index;
    }
    return -1;
  }
}

/** True when the samples hold a flat top of {@link ClippingDetector}. */
export function isClipped(samples: Float32Array): boolean {
  return new ClippingDetector().next(samples, 0) >= 0;
}

/** True when nothing swings by more than −90 dBFS around any constant: digital silence, or a microphone that is off. */
export function isSilent(samples: Float32Array): boolean {
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < samples.length; index++) {
    const sample = samples[index] ?? 0;
    if (sample < lowest) lowest = sample;
    if (sample > highest) highest = sample;
  }
  return highest - lowest <= 2 * SILENCE;
}

/** Where in the last seconds of a stream the converter clipped, to a hundredth of a second. Never grows. */
export class ClippingMarks {
  readonly #samplesPerMark: number;
  /** The mark's own number where something clipped, so that nothing has to be cleared as the ring turns. */
  readonly #marks: Float64Array;

  constructor({ rateHz, capacitySamples }: { readonly rateHz: number; readonly capacitySamples: number }) {
    this.#samplesPerMark = Math.max(1, Math.floor(rateHz / MARKS_PER_SECOND));
    this.#marks = new Float64Array(Math.ceil(capacitySamples / this.#samplesPerMark) + 1).fill(-1);
  }

  add(sample: number): void {
    const mark = Math.floor(sample / this.#samplesPerMark);
    this.#marks[mark % this.#marks.length] = mark;
  }

  within(firstSample: number, count: number): boolean {
    const last = Math.floor((firstSample + count - 1) / this.#samplesPerMark);
    for (let mark = Math.floor(firstSample / this.#samplesPerMark); mark <= last; mark++) {
      if (this.#marks[mark % this.#marks.length] === mark) return true;
    }
    return false;
  }

  clear(): void {
    this.#marks.fill(-1);
  }
}
