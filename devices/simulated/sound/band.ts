import { cosine, exponential } from '../maths';
import type { Random } from '../random';
import { CONTROL_SAMPLES, type Curve, curveOf, SOUND_RATE_HZ, type Voice } from './voice';

/** Noise around a frequency: hissing, rushing, rattling. */
export class Band implements Voice {
  readonly #random: Random;
  readonly #level: Curve;
  readonly #a1: number;
  readonly #a2: number;
  readonly #gain: number;
  #last = 0;
  #lastButOne = 0;

  /** @param options.level - RMS. */
  constructor(
    random: Random,
    options: { readonly hertz: number; readonly widthHz: number; readonly level: number | Curve },
  ) {
    const radius = exponential((-Math.PI * options.widthHz) / SOUND_RATE_HZ);
    const turns = options.hertz / SOUND_RATE_HZ;
    const square = radius * radius;
    this.#random = random.fork();
    this.#level = curveOf(options.level);
    this.#a1 = 2 * radius * cosine(turns);
    this.#a2 = -square;
    // Makes the variance 1: that of a two-pole filter (Box, Jenkins & Reinsel, "Time Series Analysis", §3.2.4), for
    // uniform noise of variance 1/3.
    const variance = (1 + square) / ((1 - square) * (1 + square * square - 2 * square * cosine(2 * turns)));
    this.#gain = Math.sqrt(3 / variance);
  }

  add(block: Float32Array, firstSample: number): void {
    let last = this.#last;
    let lastButOne = this.#lastButOne;
    for (let start = 0; start < block.length; start += CONTROL_SAMPLES) {
      const seconds = (firstSample + start) / SOUND_RATE_HZ;
      const before = this.#level(seconds);
      const change = (this.#level(seconds + CONTROL_SAMPLES / SOUND_RATE_HZ) - before) / CONTROL_SAMPLES;
      for (let index = 0; index < CONTROL_SAMPLES; index++) {
        const value = this.#gain * (2 * this.#random.next() - 1) + this.#a1 * last + this.#a2 * lastButOne;
        lastButOne = last;
        last = value;
        block[start + index] = (block[start + index] ?? 0) + (before + change * index) * value;
      }
    }
    this.#last = last;
    this.#lastButOne = lastButOne;
  }
}
