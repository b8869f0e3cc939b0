import { SensebindError } from '../errors';
import { type ResampleKernel, resampleKernel } from './resampleKernel';

/** The rates between which {@link resample} and {@link StreamResampler} convert. */
export interface ResampleRates {
  readonly inputRateHz: number;
  readonly outputRateHz: number;
}

export const MAX_RATE_HZ = 384_000;

/**
 * A whole signal at another rate, as `torchaudio.functional.resample` does it (reference/imagebind.md §3.4).
 *
 * @throws {SensebindError} `INPUT_UNSUPPORTED` unless both rates are whole numbers from 1 to 384,000 Hz.
 */
export function resample(samples: Float32Array, rates: ResampleRates): Float32Array {
  const kernel = kernelForRates(rates);
  const target = new Float32Array(kernel.outputLength(samples.length));
  kernel.apply({ samples, start: 0, end: samples.length }, target, { from: 0 });
  return target;
}

/** @throws {SensebindError} `INPUT_UNSUPPORTED` unless both rates are whole numbers from 1 to 384,000 Hz. */
export function kernelForRates({ inputRateHz, outputRateHz }: ResampleRates): ResampleKernel {
  for (const rateHz of [inputRateHz, outputRateHz]) {
    if (Number.isInteger(rateHz) && rateHz >= 1 && rateHz <= MAX_RATE_HZ) continue;
    throw new SensebindError(
      'INPUT_UNSUPPORTED',
      `Expected a sample rate of 1 to ${MAX_RATE_HZ} Hz, a whole number, found ${rateHz}`,
      'Give the rate of the recording or device in hertz.',
    );
  }
  return resampleKernel({ input: inputRateHz, output: outputRateHz });
}

/**
 * The same conversion of a signal that comes in pieces: whatever the cuts, the outputs joined are those of
 * {@link resample}, bit for bit. Holds the filter's reach and the latest piece, nothing that grows with time.
 */
export class StreamResampler {
  /** What the last {@link append} or {@link flush} produced stands at its beginning; valid until the next call. */
  output = new Float32Array(0);

  readonly #kernel: ResampleKernel;
  #held = new Float32Array(0);
  #heldLength = 0;
  /** Index of the first held sample, and of the next output, both counted from the same whole period of the ratio. */
  #heldStart = 0;
  #nextOutput = 0;

  /** @throws {SensebindError} `INPUT_UNSUPPORTED` unless both rates are whole numbers from 1 to 384,000 Hz. */
  constructor(rates: ResampleRates) {
    this.#kernel = kernelForRates(rates);
  }

  /** Takes the next piece; returns how many samples are now in {@link output}. */
  append(samples: Float32Array): number {
    this.#hold(samples);
    const { input, output } = this.#kernel.ratio;
    const decided = this.#heldStart + this.#heldLength - this.#kernel.reach;
    const produced = this.#produce(Math.ceil((decided * output) / input));
    this.#forget();
    return produced;
  }

  /** The samples that waited for a continuation, as if zeros followed; then the stream starts anew. */
  flush(): number {
    const produced = this.#produce(this.#kernel.outputLength(this.#heldStart + this.#heldLength));
    this.reset();
    return produced;
  }

  /** Forgets everything heard: the next piece begins a new signal. */
  reset(): void {
    this.#heldLength = 0;
    this.#heldStart = 0;
    this.#nextOutput = 0;
  }

  #hold(samples: Float32Array): void {
    const needed = this.#heldLength + samples.length;
    if (needed > this.#held.length) {
      const grown = new Float32Array(needed * 2);
      grown.set(this.#held.subarray(0, this.#heldLength));
      this.#held = grown;
    }
    this.#held.set(samples, this.#heldLength);
    this.#heldLength = needed;
  }

  /** Produces up to output `end`, exclusive. */
  #produce(end: number): number {
    const count = Math.max(0, end - this.#nextOutput);
    if (count > this.output.length) this.output = new Float32Array(count * 2);
    const piece = { samples: this.#held, start: this.#heldStart, end: this.#heldStart + this.#heldLength };
    this.#kernel.apply(piece, this.output.subarray(0, count), { from: this.#nextOutput });
    this.#nextOutput += count;
    return count;
  }

  /** Drops the samples that no later output needs, and counts from a later period, so that no index grows for ever. */
  #forget(): void {
    const { input, output } = this.#kernel.ratio;
    const oldest = Math.floor((this.#nextOutput * input) / output) - this.#kernel.reach;
    const dropped = Math.min(this.#heldLength, Math.max(0, oldest - this.#heldStart));
    this.#held.copyWithin(0, dropped, this.#heldLength);
    this.#heldLength -= dropped;
    this.#heldStart += dropped;
    const periods = Math.floor(this.#nextOutput / output);
    this.#nextOutput -= periods * output;
    this.#heldStart -= periods * input;
  }
}
