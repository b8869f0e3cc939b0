import type { Clock, Micros } from '../../runtime/clock';

/** Wall and monotonic time of one sample. */
export interface SampleTime {
  readonly timeMicros: Micros;
  readonly monotonicMicros: Micros;
}

/** Blocks that come this much before their time show that the estimate is late: it is corrected at once. */
const MAX_EARLY_MICROS = 20_000;

/** What a block's delay corrects: cards are off by 50 ppm at most, while a busy host delays single blocks by a lot. */
const CORRECTION = 1 / 512;

/**
 * Times of the samples of a sound card, from their number and from when they came (reference/devices.md §9: start +
 * n / rate, with a slow correction for the drift of the card's crystal).
 */
export class SampleClock {
  readonly #clock: Clock;
  readonly #sampleRateHz: number;
  #startMicros: number | undefined;
  #frames = 0;

  constructor(clock: Clock, sampleRateHz: number) {
    this.#clock = clock;
    this.#sampleRateHz = sampleRateHz;
  }

  /** Samples were lost: the next block starts a new count. */
  restart(): void {
    this.#startMicros = undefined;
    this.#frames = 0;
  }

  /** The time of the first of `frames` samples that came just now. */
  timeOf(frames: number): SampleTime {
    const now = this.#clock.monotonicMicros();
    const arrived = now - ((this.#frames + frames) * 1e6) / this.#sampleRateHz;
    this.#startMicros = corrected(this.#startMicros, arrived);
    const monotonicMicros = Math.round(this.#startMicros + (this.#frames * 1e6) / this.#sampleRateHz);
    this.#frames += frames;
    return { monotonicMicros, timeMicros: this.#clock.epochMicros() - (now - monotonicMicros) };
  }
}

function corrected(start: number | undefined, arrived: number): number {
  if (start === undefined || arrived < start - MAX_EARLY_MICROS) return arrived;
  return start + (arrived - start) * CORRECTION;
}
