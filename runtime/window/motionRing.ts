import type { Micros } from '../clock';

const SMALLEST = 1024;

/** What is read out of a {@link MotionRing}. */
export interface MotionSamples {
  readonly timesMicros: Float64Array;
  readonly axes: readonly Float32Array[];
}

/**
 * The newest samples of a motion sensor, with their times. Samples are numbered from 0 and stay until newer ones need
 * their place; memory grows with the rate of the sensor up to the limit, then never again.
 */
export class MotionRing {
  readonly #limit: number;
  #times: Float64Array;
  #axes: readonly Float32Array[];
  #oldest = 0;
  #next = 0;
  #overwrittenMicros: Micros = Number.NEGATIVE_INFINITY;

  /** @param limit - Samples that are kept at most. */
  constructor({ axes, limit }: { readonly axes: number; readonly limit: number }) {
    this.#limit = limit;
    const capacity = Math.min(SMALLEST, limit);
    this.#times = new Float64Array(capacity);
    this.#axes = Array.from({ length: axes }, () => new Float32Array(capacity));
  }

  /** Time of the newest sample that was overwritten before it was forgotten; minus infinity where there is none. */
  get overwrittenMicros(): Micros {
    return this.#overwrittenMicros;
  }

  /** Adds sample `index` of `axes`; its time comes after that of all before. Axes that are not given are 0. */
  push(timeMicros: Micros, axes: readonly Float32Array[], index: number): void {
    if (this.#next - this.#oldest === this.#times.length && !this.#grow()) {
      this.#overwrittenMicros = this.#timeOf(this.#oldest);
      this.#oldest++;
    }
    const slot = this.#next % this.#times.length;
    this.#times[slot] = timeMicros;
    for (let axis = 0; axis < this.#axes.length; axis++) {
      const kept = this.#axes[axis];
      if (kept !== undefined) kept[slot] = axes[axis]?.[index] ?? 0;
    }
    this.#next++;
  }

  /** Number of the first sample at or after an instant; that of the next one where there is none yet. */
  numberAt(timeMicros: Micros): number {
    let low = this.#oldest;
    let high = this.#next;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#timeOf(middle) < timeMicros) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Copies the samples from number `from` on into `samples`, as many as its arrays are long. */
  read(from: number, samples: MotionSamples): void {
    const { length } = samples.timesMicros;
    copyRing(this.#times, samples.timesMicros, { from, length });
    for (const [axis, target] of samples.axes.entries()) {
      const kept = this.#axes[axis];
      if (kept !== undefined) copyRing(kept, target, { from, length });
    }
  }

  /** Nothing before an instant will be asked for. */
  forget(timeMicros: Micros): void {
    this.#oldest = this.numberAt(timeMicros);
  }

  #timeOf(number: number): Micros {
    return this.#times[number % this.#times.length] ?? 0;
  }

  #grow(): boolean {
    const capacity = Math.min(2 * this.#times.length, this.#limit);
    if (capacity <= this.#times.length) return false;
    const count = this.#next - this.#oldest;
    const samples: MotionSamples = {
      timesMicros: new Float64Array(count),
      axes: this.#axes.map(() => new Float32Array(count)),
    };
    this.read(this.#oldest, samples);
    this.#times = placed(samples.timesMicros, new Float64Array(capacity), this.#oldest);
    this.#axes = samples.axes.map((values) => placed(values, new Float32Array(capacity), this.#oldest));
    return true;
  }
}

type Values = Float64Array | Float32Array;

function copyRing(ring: Values, target: Values, { from, length }: { from: number; length: number }): void {
  const start = from % ring.length;
  const untilEnd = Math.min(length, ring.length - start);
  target.set(ring.subarray(start, start + untilEnd));
  if (untilEnd < length) target.set(ring.subarray(0, length - untilEnd), untilEnd);
}

/** `values` in a larger ring, each where its number says. */
function placed<Ring extends Values>(values: Values, ring: Ring, from: number): Ring {
  const start = from % ring.length;
  const untilEnd = Math.min(values.length, ring.length - start);
  ring.set(values.subarray(0, untilEnd), start);
  ring.set(values.subarray(untilEnd));
  return ring;
}
