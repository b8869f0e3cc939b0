import { SensebindError } from '../errors';
import { checkMotionRate } from './motionRatio';
import { checkFinite } from './signalChecks';

/** An interval this many times longer than the usual one is a gap: samples are missing, not late. */
const GAP_INTERVALS = 5;
/** Of the samples; more out of order means that the times themselves are wrong. */
const MAX_DROPPED_SHARE = 0.1;

/** A signal with one time per sample. */
export interface TimedSignal {
  readonly axes: readonly Float32Array[];
  readonly timesMicros: Float64Array;
}

/** The signal at a uniform rate. The arrays are valid until the next call; they hold at least `length` samples. */
export interface GriddedSignal {
  readonly axes: readonly Float32Array[];
  readonly length: number;
  readonly rateHz: number;
  /** Some interval is longer than five usual ones, and was bridged. */
  readonly gap: boolean;
  /** Samples left out because their time does not come after that of the sample before. */
  readonly dropped: number;
}

/**
 * Puts irregularly timed samples on a uniform grid by linear interpolation, since the resampler's formula needs one.
 * The grid begins at the first sample; its rate is that of the median interval, rounded to whole hertz so that jitter
 * does not ask for another filter in each window.
 */
export class MotionGrid {
  #axes: Float32Array[] = [];
  #kept = new Uint32Array(0);
  #intervals = new Float64Array(0);

  /**
   * @throws {SensebindError} `INPUT_INVALID` for fewer than two samples, another number of times than samples, or more
   * than one sample in ten out of order; `INPUT_NOT_FINITE` for a time that is not a number; `INPUT_UNSUPPORTED` when
   * the usual interval is below 31 µs.
   */
  place({ axes, timesMicros }: TimedSignal, maxSeconds: number): GriddedSignal {
    const samples = axes[0]?.length ?? 0;
    const kept = this.#keepAscending(timesMicros, samples);
    const medianMicros = this.#medianInterval(timesMicros, kept);
    const rateHz = Math.max(1, Math.round(1e6 / medianMicros));
    checkMotionRate(rateHz);
    const start = timesMicros[0] ?? 0;
    const spanMicros = (timesMicros[this.#kept[kept - 1] ?? 0] ?? 0) - start;
    const length = Math.floor(Math.min(spanMicros / 1e6, maxSeconds) * rateHz) + 1;
    this.#reserve(axes.length, length);
    for (let index = 0, before = 0; index < length; index++) {
      const time = start + (index * 1e6) / rateHz;
      while (before < kept - 2 && (timesMicros[this.#kept[before + 1] ?? 0] ?? 0) <= time) before++;
      this.#interpolate({ axes, timesMicros }, { index, time, before });
    }
    return { axes: this.#axes, length, rateHz, gap: this.#hasGap(medianMicros, kept), dropped: samples - kept };
  }

  /** Collects the samples whose time comes after all before them; returns how many. */
  #keepAscending(timesMicros: Float64Array, samples: number): number {
    if (timesMicros.length !== samples || samples < 2) {
      throw new SensebindError(
        'INPUT_INVALID',
        `Expected one time for each of at least 2 motion samples, found ${timesMicros.length} times for ${samples} samples`,
        'Pass a time for every sample, in microseconds.',
      );
    }
    checkFinite(timesMicros, 'the times of the motion samples');
    if (this.#kept.length < samples) this.#kept = new Uint32Array(samples);
    let kept = 0;
    let latest = Number.NEGATIVE_INFINITY;
    for (let index = 0; index < samples; index++) {
      const time = timesMicros[index] ?? 0;
      if (time <= latest) continue;
      latest = time;
      this.#kept[kept++] = index;
    }
    if (kept >= 2 && samples - kept <= Math.max(1, samples * MAX_DROPPED_SHARE)) return kept;
    throw new SensebindError(
      'INPUT_INVALID',
      `Expected ascending times, found ${samples - kept} of ${samples} motion samples that do not come after the one before`,
      'Sort the samples by time, and check the clock that they were stamped with.',
    );
  }

  #medianInterval(timesMicros: Float64Array, kept: number): number {
    const count = kept - 1;
    if (this.#intervals.length < count) this.#intervals = new Float64Array(count);
    const intervals = this.#intervals.subarray(0, count);
    for (let index = 0; index < count; index++) {
      intervals[index] = (timesMicros[this.#kept[index + 1] ?? 0] ?? 0) - (timesMicros[this.#kept[index] ?? 0] ?? 0);
    }
    return intervals.sort()[count >> 1] ?? 0;
  }

  /** After the median was taken, the intervals are sorted: the longest is the last. */
  #hasGap(medianMicros: number, kept: number): boolean {
    return (this.#intervals[kept - 2] ?? 0) > GAP_INTERVALS * medianMicros;
  }

  #reserve(axes: number, length: number): void {
    if (this.#axes.length === axes && (this.#axes[0]?.length ?? 0) >= length) return;
    this.#axes = Array.from({ length: axes }, () => new Float32Array(length));
  }

  #interpolate(
    signal: TimedSignal,
    at: { readonly index: number; readonly time: number; readonly before: number },
  ): void {
    const left = this.#kept[at.before] ?? 0;
    const right = this.#kept[at.before + 1] ?? 0;
    const leftTime = signal.timesMicros[left] ?? 0;
    const share = (at.time - leftTime) / ((signal.timesMicros[right] ?? 0) - leftTime);
    for (let axis = 0; axis < signal.axes.length; axis++) {
      const values = signal.axes[axis];
      const target = this.#axes[axis];
      if (values === undefined || target === undefined) continue;
      const value = values[left] ?? 0;
      target[at.index] = value + share * ((values[right] ?? 0) - value);
    }
  }
}
