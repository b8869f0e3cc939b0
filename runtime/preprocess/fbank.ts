import { CascadeSum } from './cascadeSum';
import { cosine } from './floatTrigonometry';
import { RealFft } from './realFft';

const round = Math.fround;

const FRAME_MILLISECONDS = 25;
const SHIFT_MILLISECONDS = 10;
const PRE_EMPHASIS = round(0.97);
const LOWEST_HZ = 20;
/** float32 epsilon, as in Kaldi and torchaudio: what silence is taken for. */
const SMALLEST_ENERGY = 2 ** -23;

/** How sound becomes a mel spectrum. Frame length, shift, window and pre-emphasis are Kaldi's and fixed. */
export interface FbankOptions {
  readonly sampleRateHz: number;
  readonly melBins: number;
}

/** One triangular filter: weights of the power spectrum from bin `first` on. */
interface MelFilter {
  readonly first: number;
  readonly weights: Float32Array;
}

/**
 * Kaldi's log-mel filterbank as the reference calls it (torchaudio `compliance.kaldi.fbank`, reference/imagebind.md
 * §3.3): 25 ms frames every 10 ms, mean removed, pre-emphasis 0.97, symmetric Hann window, power spectrum, triangles in
 * mel space from 20 Hz to Nyquist, natural logarithm. A frame does not depend on its neighbours.
 */
export class Fbank {
  readonly melBins: number;
  /** Samples in a frame, and from one frame's start to the next one's. */
  readonly frameLength: number;
  readonly frameShift: number;

  readonly #filters: readonly MelFilter[];
  readonly #window: Float32Array;
  readonly #fft: RealFft;
  readonly #sum = new CascadeSum();
  readonly #frame: Float32Array;
  readonly #power: Float64Array;
  readonly #energies: Float32Array;

  constructor({ sampleRateHz, melBins }: FbankOptions) {
    this.melBins = melBins;
    this.frameLength = Math.trunc((sampleRateHz * FRAME_MILLISECONDS) / 1000);
    this.frameShift = Math.trunc((sampleRateHz * SHIFT_MILLISECONDS) / 1000);
    const size = 2 ** Math.ceil(Math.log2(this.frameLength));
    this.#filters = melFilters(size, { sampleRateHz, melBins });
    this.#window = hannWindow(this.frameLength);
    this.#fft = new RealFft(size);
    this.#frame = new Float32Array(size);
    this.#power = new Float64Array(size / 2 + 1);
    this.#energies = new Float32Array(melBins);
  }

  /** How many whole frames fit into `samples` samples. */
  frames(samples: number): number {
    return samples < this.frameLength ? 0 : 1 + Math.floor((samples - this.frameLength) / this.frameShift);
  }

  /** Log-mel energies of the frame that begins at `start`: `melBins` values, valid until the next call. */
  frame(samples: Float32Array, start: number): Float32Array {
    this.#loadFrame(samples, start);
    this.#fft.powerSpectrum(this.#frame, this.#power);
    for (let bin = 0; bin < this.melBins; bin++) {
      this.#energies[bin] = Math.log(Math.max(this.#energyOf(this.#filters[bin]), SMALLEST_ENERGY));
    }
    return this.#energies;
  }

  #energyOf(filter: MelFilter | undefined): number {
    if (filter === undefined) return 0;
    const { first, weights } = filter;
    const power = this.#power;
    let energy = 0;
    for (let index = 0; index < weights.length; index++) energy += (weights[index] ?? 0) * (power[first + index] ?? 0);
    return energy;
  }

  /** Mean removal, pre-emphasis with the first sample standing in for the one before it, and the window. */
  #loadFrame(samples: Float32Array, start: number): void {
    const mean = round(this.#sum.of(samples, { start, length: this.frameLength }) / this.frameLength);
    let previous = round((samples[start] ?? 0) - mean);
    for (let index = 0; index < this.frameLength; index++) {
      const value = round((samples[start + index] ?? 0) - mean);
      this.#frame[index] = round(value - round(PRE_EMPHASIS * previous)) * (this.#window[index] ?? 0);
      previous = value;
    }
  }
}

/** Symmetric. Rounded as PyTorch does. */
function hannWindow(length: number): Float32Array {
  const step = round((2 * Math.PI) / (length - 1));
  return Float32Array.from({ length }, (_, index) => 0.5 - round(0.5 * cosine(round(index * step))));
}

/**
 * Triangles between mel-spaced corners, without area normalisation; the Nyquist bin belongs to none. Computed in
 * float32 step by step as torchaudio does: the slopes of the narrow low filters depend on it.
 */
function melFilters(size: number, { sampleRateHz, melBins }: FbankOptions): MelFilter[] {
  const low = melOf(LOWEST_HZ);
  const delta = (melOf(sampleRateHz / 2) - low) / (melBins + 1);
  const corner = (index: number): number => round(round(index * round(delta)) + round(low));
  const mels = Float32Array.from({ length: size / 2 }, (_, bin) =>
    round(1127 * round(Math.log(round(1 + round(round(bin * round(sampleRateHz / size)) / 700))))),
  );
  return Array.from({ length: melBins }, (_, index) => {
    const [left, centre, right] = [corner(index), corner(index + 1), corner(index + 2)];
    const weights = mels.map((mel) => {
      const rising = round(round(mel - left) / round(centre - left));
      const falling = round(round(right - mel) / round(right - centre));
      return Math.max(0, Math.min(rising, falling));
    });
    const first = weights.findIndex((weight) => weight > 0);
    const last = weights.findLastIndex((weight) => weight > 0);
    return first < 0 ? { first: 0, weights: new Float32Array(0) } : { first, weights: weights.slice(first, last + 1) };
  });
}

function melOf(hertz: number): number {
  return 1127 * Math.log(1 + hertz / 700);
}
