import type { Fbank } from './fbank';

/** 10.24 s at a frame each 10 ms; half a megabyte a stream at 128 mel bins. */
const FRAMES_KEPT = 1024;
const STREAMS_KEPT = 8;

/**
 * Filterbank frames of running streams, each computed once: the clips of a sliding window share most of theirs.
 *
 * Frames may be shared because each has its own mean removed: that a whole recording's clips also have theirs
 * subtracted changes a frame by float rounding only (below 1e-3 after normalisation, see the test).
 */
export class StreamFrames {
  readonly #fbank: Fbank;
  readonly #streams = new Map<string, FrameRing>();

  constructor(fbank: Fbank) {
    this.#fbank = fbank;
  }

  /** The ring of a stream. The least recently used one makes room. */
  of(stream: string): FrameRing {
    const ring = this.#streams.get(stream) ?? new FrameRing(this.#fbank);
    this.#streams.delete(stream);
    this.#streams.set(stream, ring);
    const [oldest] = this.#streams.keys();
    if (this.#streams.size > STREAMS_KEPT && oldest !== undefined) this.#streams.delete(oldest);
    return ring;
  }
}

/** Some samples of a stream. */
export interface StreamWindow {
  /** Number of the first one, from the start of the stream. */
  readonly firstSample: number;
  readonly samples: Float32Array;
}

/** The latest frames of one stream, by the number of the stream's sample that they begin at. */
export class FrameRing {
  readonly #fbank: Fbank;
  readonly #energies: Float32Array;
  readonly #firstSamples = new Float64Array(FRAMES_KEPT).fill(-1);
  readonly #views: readonly Float32Array[];

  constructor(fbank: Fbank) {
    const { melBins } = fbank;
    this.#fbank = fbank;
    this.#energies = new Float32Array(FRAMES_KEPT * melBins);
    this.#views = Array.from({ length: FRAMES_KEPT }, (_, slot) =>
      this.#energies.subarray(slot * melBins, (slot + 1) * melBins),
    );
  }

  /**
   * Log-mel energies of the frame at `start` of a window whose first sample is number `firstSample` of the stream.
   * Valid until the next call.
   */
  frame({ firstSample, samples }: StreamWindow, start: number): Float32Array {
    const number = firstSample + start;
    const slot = Math.floor(number / this.#fbank.frameShift) % FRAMES_KEPT;
    const kept = this.#views[slot];
    if (kept !== undefined && this.#firstSamples[slot] === number) return kept;
    const computed = this.#fbank.frame(samples, start);
    kept?.set(computed);
    this.#firstSamples[slot] = number;
    return computed;
  }
}
