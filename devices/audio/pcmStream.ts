import type { ClockQuality, Flag, ReadingSink } from '../../runtime/reading';
import type { SampleTime } from './sampleClock';

/** Interleaved 16-bit little-endian samples, as programs write them into a pipe. */
export interface PcmFormat {
  readonly source: string;
  readonly clockQuality: ClockQuality;
  readonly sampleRateHz: number;
  readonly channels: number;
  /** Of every reading. */
  readonly flags?: readonly Flag[];
}

/** When samples were heard. */
export interface SampleTimes {
  /** The time of the first of the next `frames` samples a channel. */
  timeOf(frames: number): SampleTime;
  /** Samples are missing before the next ones. */
  restart(): void;
}

const BYTES_PER_SAMPLE = 2;

/** Makes readings of the bytes of one run, however they are cut. */
export class PcmStream {
  readonly #format: PcmFormat;
  readonly #sink: ReadingSink;
  readonly #times: SampleTimes;
  /** The beginning of a frame, a sample a channel, whose end has not come yet. */
  readonly #partial: Buffer;
  #partialBytes = 0;
  #flags: readonly Flag[] = [];

  constructor(format: PcmFormat, to: { readonly sink: ReadingSink; readonly times: SampleTimes }) {
    this.#format = format;
    this.#sink = to.sink;
    this.#times = to.times;
    this.#partial = Buffer.alloc(BYTES_PER_SAMPLE * format.channels);
  }

  /** Samples are missing before those that come next: the next reading says so, and times start anew. */
  interrupted(flags: readonly Flag[]): void {
    this.#flags = flags;
    this.#times.restart();
  }

  append(bytes: Uint8Array): void {
    const frameBytes = this.#partial.length;
    const frames = Math.floor((this.#partialBytes + bytes.length) / frameBytes);
    if (frames === 0) {
      this.#keep(bytes);
      return;
    }
    const missing = this.#partialBytes === 0 ? 0 : frameBytes - this.#partialBytes;
    const channels = Array.from({ length: this.#format.channels }, () => new Float32Array(frames));
    if (missing > 0) {
      this.#partial.set(bytes.subarray(0, missing), this.#partialBytes);
      deinterleave(this.#partial, { channels, firstFrame: 0, frames: 1 });
    }
    const first = missing > 0 ? 1 : 0;
    deinterleave(bytes.subarray(missing), { channels, firstFrame: first, frames: frames - first });
    this.#partialBytes = 0;
    this.#keep(bytes.subarray(missing + (frames - first) * frameBytes));
    this.#handOver(channels, frames);
  }

  #keep(bytes: Uint8Array): void {
    this.#partial.set(bytes, this.#partialBytes);
    this.#partialBytes += bytes.length;
  }

  #handOver(channels: readonly Float32Array[], frames: number): void {
    const { source, clockQuality, sampleRateHz, flags = [] } = this.#format;
    const once = this.#flags;
    this.#flags = [];
    this.#sink.reading({
      source,
      modality: 'audio',
      ...this.#times.timeOf(frames),
      clockQuality,
      flags: [...flags, ...once],
      sampleRateHz,
      channels,
    });
  }
}

/** Interleaved int16 to one array a channel in [-1, 1). */
function deinterleave(
  bytes: Uint8Array,
  to: { readonly channels: readonly Float32Array[]; readonly firstFrame: number; readonly frames: number },
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const step = to.channels.length * BYTES_PER_SAMPLE;
  for (const [channel, samples] of to.channels.entries()) {
    let position = channel * BYTES_PER_SAMPLE;
    for (let frame = 0; frame < to.frames; frame++, position += step) {
      samples[to.firstFrame + frame] = view.getInt16(position, true) / 2 ** 15;
    }
  }
}
