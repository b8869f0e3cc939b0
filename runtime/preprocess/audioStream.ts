import { SensebindError } from '../errors';
import { StreamResampler } from './resample';
import { ClippingDetector, ClippingMarks } from './soundLevels';

/** What a {@link SoundStream} takes in and how much of it stays. */
export interface SoundStreamOptions {
  readonly inputRateHz: number;
  readonly outputRateHz: number;
  /** Which channel is listened to, from 0. */
  readonly channel: number;
  /** How far back {@link SoundStream.read} reaches. */
  readonly capacitySeconds: number;
}

/**
 * The last seconds of a running source at the encoder's rate: a ring of fixed size that pieces are appended to and
 * windows are read from, by sample number. Nothing is allocated per piece once the pieces' size is known.
 *
 * Samples are counted from the first piece. A source that lost samples is a new stream: `reset`, and a new stream id.
 */
export class SoundStream {
  readonly #channel: number;
  readonly #ratio: number;
  readonly #resampler: StreamResampler;
  readonly #ring: Float32Array;
  readonly #detector = new ClippingDetector();
  readonly #clipping: ClippingMarks;
  #consumedSamples = 0;
  #producedSamples = 0;
  #overruns = 0;

  /** @throws {SensebindError} `INPUT_UNSUPPORTED` unless both rates are whole numbers from 1 to 384,000 Hz. */
  constructor({ inputRateHz, outputRateHz, channel, capacitySeconds }: SoundStreamOptions) {
    this.#channel = channel;
    this.#ratio = outputRateHz / inputRateHz;
    this.#resampler = new StreamResampler({ inputRateHz, outputRateHz });
    this.#ring = new Float32Array(Math.ceil(capacitySeconds * outputRateHz));
    this.#clipping = new ClippingMarks({ rateHz: outputRateHz, capacitySamples: this.#ring.length });
  }

  /** Samples produced at the output rate since the beginning or the last `reset`. */
  get producedSamples(): number {
    return this.#producedSamples;
  }

  /** How many reads came too late: what they asked for was overwritten. */
  get overruns(): number {
    return this.#overruns;
  }

  /**
   * Takes the next piece: planar PCM in [-1, 1] at the input rate. It is copied.
   *
   * @throws {SensebindError} `INPUT_INVALID` when it lacks the channel.
   */
  append(channels: readonly Float32Array[]): void {
    const samples = channels[this.#channel];
    if (samples === undefined) {
      throw new SensebindError(
        'INPUT_INVALID',
        `Expected sound with a channel ${this.#channel}, found ${channels.length} channels`,
        'Choose a channel that the device has; the first one is 0.',
      );
    }
    this.#markClipping(samples);
    const produced = this.#resampler.append(samples);
    this.#write(this.#resampler.output, produced);
  }

  /**
   * Copies the samples from number `firstSample` on into the whole of `target`. False, with `target` unchanged, when
   * some of them are overwritten already (which counts as an overrun) or not there yet.
   */
  read(firstSample: number, target: Float32Array): boolean {
    const end = firstSample + target.length;
    if (firstSample < this.#producedSamples - this.#ring.length) {
      this.#overruns++;
      return false;
    }
    if (firstSample < 0 || end > this.#producedSamples) return false;
    for (let index = 0, at = firstSample % this.#ring.length; index < target.length; index++) {
      target[index] = this.#ring[at] ?? 0;
      if (++at === this.#ring.length) at = 0;
    }
    return true;
  }

  /** True when the device ran out of range in these samples: visible only before resampling rounds the flat tops off. */
  clipped(firstSample: number, count: number): boolean {
    return this.#clipping.within(firstSample, count);
  }

  /** Forgets everything: the next piece begins a new stream at sample 0. */
  reset(): void {
    this.#resampler.reset();
    this.#clipping.clear();
    this.#consumedSamples = 0;
    this.#producedSamples = 0;
  }

  #markClipping(samples: Float32Array): void {
    for (let at = this.#detector.next(samples, 0); at >= 0; at = this.#detector.next(samples, at + 1)) {
      this.#clipping.add(Math.floor((this.#consumedSamples + at) * this.#ratio));
    }
    this.#consumedSamples += samples.length;
  }

  /** A piece longer than the ring leaves its end. */
  #write(samples: Float32Array, count: number): void {
    const capacity = this.#ring.length;
    const skipped = Math.max(0, count - capacity);
    for (let index = skipped, at = (this.#producedSamples + skipped) % capacity; index < count; index++) {
      this.#ring[at] = samples[index] ?? 0;
      if (++at === capacity) at = 0;
    }
    this.#producedSamples += count;
  }
}
