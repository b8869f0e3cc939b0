import { CascadeSum } from './cascadeSum';
import { type Clip, type ClipOptions, clipsOf, distinct } from './clips';
import type { SoundInput } from './input';
import { kernelForRates } from './resample';
import type { ResampleKernel } from './resampleKernel';

/** A clip of a recording, ready for the filterbank. */
export interface RecordedClip {
  /** First channel at the encoder's rate, mean removed. Valid until the next clip is asked for. */
  readonly samples: Float32Array;
  /** What it was made from: the recording's first channel as it is, at its own rate. */
  readonly heard: Float32Array;
}

/**
 * Cuts a recording into clips as the reference does (reference/imagebind.md §3.1): every channel resampled, the mean
 * over all channels and samples of the clip subtracted, the first channel kept.
 *
 * The reference subtracts in place: where clips overlap, a later one sees samples that an earlier mean was already
 * taken from. That is repeated here, since it changes the frames across the edge by up to 6.9 in log-mel. Only what
 * the clips cover is resampled, however long the recording.
 */
export class RecordingClips {
  readonly #options: ClipOptions;
  readonly #sum = new CascadeSum();
  #channels: Float32Array[] = [];

  constructor(options: ClipOptions) {
    this.#options = options;
  }

  /** The clips in order, each computed when asked for. */
  *clips(recording: SoundInput): Generator<RecordedClip, void> {
    const rates = { inputRateHz: recording.sampleRateHz, outputRateHz: this.#options.sampleRateHz };
    const kernel = kernelForRates(rates);
    const places = distinct(clipsOf(kernel.outputLength(samplesOf(recording)), this.#options));
    this.#reserve(recording.channels.length, places);
    let previous: Clip = { start: 0, end: 0 };
    let offset = 0;
    for (const place of places) {
      // Gaps between clips take no room, overlaps stay overlaps.
      offset += Math.min(place.start - previous.start, previous.end - previous.start);
      const span = { start: offset, end: offset + place.end - place.start };
      const known = Math.max(0, previous.end - place.start);
      for (const [index, channel] of this.#channels.entries()) {
        const samples = recording.channels[index];
        if (samples === undefined) continue;
        const piece = { samples, start: 0, end: samples.length };
        kernel.apply(piece, channel.subarray(span.start + known, span.end), { from: place.start + known });
      }
      this.#subtractMean(recording.channels.length, span);
      yield {
        samples: (this.#channels[0] ?? new Float32Array(0)).subarray(span.start, span.end),
        heard: heard(recording, inputRange(place, kernel)),
      };
      previous = place;
    }
  }

  #reserve(channels: number, places: readonly Clip[]): void {
    const length = places.reduce((sum, { start, end }) => sum + end - start, 0);
    while (this.#channels.length < channels) this.#channels.push(new Float32Array(0));
    this.#channels = this.#channels.map((channel) => (channel.length < length ? new Float32Array(length) : channel));
  }

  #subtractMean(channels: number, { start, end }: Clip): void {
    const spans = this.#channels.slice(0, channels).map((channel) => channel.subarray(start, end));
    let sum = 0;
    for (const span of spans) sum = Math.fround(sum + this.#sum.of(span, { start: 0, length: span.length }));
    const mean = Math.fround(sum / (channels * (end - start)));
    for (const span of spans) for (let index = 0; index < span.length; index++) span[index] = (span[index] ?? 0) - mean;
  }
}

function samplesOf(recording: SoundInput): number {
  return recording.channels[0]?.length ?? 0;
}

function heard({ channels }: SoundInput, { start, end }: Clip): Float32Array {
  return (channels[0] ?? new Float32Array(0)).subarray(start, end);
}

/** The samples at the recording's own rate that a clip at the encoder's rate covers. */
function inputRange({ start, end }: Clip, { ratio }: ResampleKernel): Clip {
  return {
    start: Math.floor((start * ratio.input) / ratio.output),
    end: Math.ceil((end * ratio.input) / ratio.output),
  };
}
