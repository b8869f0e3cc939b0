import { SensebindError } from '../errors';
import { cosine, sine } from './floatTrigonometry';

const round = Math.fround;

/** torchaudio's defaults: zero crossings of the sinc on each side, and the cut-off as a share of the lower Nyquist. */
const ZERO_CROSSINGS = 6;
const ROLLOFF = 0.99;

/** 32 MiB of weights: enough for any whole rate up to 384 kHz into 16 kHz. */
const MAX_WEIGHTS = 2 ** 23;
const CACHED_KERNELS = 8;

/** Outputs that are summed side by side. */
const AT_ONCE = 4;

/** Samples in for samples out: a ratio of two rates, in whole numbers. */
export interface ResampleRatio {
  readonly input: number;
  readonly output: number;
}

/** A piece of a longer signal. `start` is the index of its first sample in that signal. */
export interface SignalPiece {
  readonly samples: Float32Array;
  readonly start: number;
  readonly end: number;
}

/**
 * The windowed-sinc filter bank of `torchaudio.functional.resample` with its defaults (reference/imagebind.md §3.4):
 * Hann window, 6 zero crossings, roll-off 0.99. Output `m` is the sum over the input around `m * input / output`;
 * what lies outside the signal counts as zero.
 *
 * Phases are computed when first needed, so that a short signal at an odd rate does not pay for thousands of them.
 */
export class ResampleKernel {
  /** Reduced to lowest terms. */
  readonly ratio: ResampleRatio;
  /** Output `m` needs no input sample at or after `floor(m * input / output) + reach`. */
  readonly reach: number;

  readonly #halfWidth: number;
  readonly #taps: number;
  readonly #weights: Float32Array;
  readonly #firstTap: Int32Array;
  readonly #ready: Uint8Array;

  /** @throws {SensebindError} `INPUT_UNSUPPORTED` when the filter bank would take more than 32 MiB. */
  constructor(ratio: ResampleRatio) {
    const divisor = greatestCommonDivisor(ratio.input, ratio.output);
    const input = ratio.input / divisor;
    const output = ratio.output / divisor;
    this.ratio = { input, output };
    this.#halfWidth = input === output ? 0 : (ZERO_CROSSINGS * input) / (ROLLOFF * Math.min(input, output));
    this.#taps = Math.floor(2 * this.#halfWidth) + 1;
    this.reach = Math.ceil(this.#halfWidth) + 2;
    if (this.#taps * output > MAX_WEIGHTS) {
      throw new SensebindError(
        'INPUT_UNSUPPORTED',
        `Expected a sample rate whose ratio to the encoder's needs at most ${MAX_WEIGHTS} filter weights, found ${input}:${output}`,
        'Resample the signal to a common rate first, such as 48 kHz for sound.',
      );
    }
    this.#weights = new Float32Array(this.#taps * output);
    this.#firstTap = new Int32Array(output);
    this.#ready = new Uint8Array(output);
  }

  /** How many samples a whole signal of `inputLength` becomes. */
  outputLength(inputLength: number): number {
    return Math.ceil((inputLength * this.ratio.output) / this.ratio.input);
  }

  /**
   * Writes the output samples `from` … `from + target.length - 1`; `piece` must hold the input around them, as far as
   * the signal reaches.
   */
  apply(piece: SignalPiece, target: Float32Array, { from }: { readonly from: number }): void {
    const { input, output } = this.ratio;
    const { samples, start, end } = piece;
    // torchaudio hands equal rates through unfiltered.
    if (input === output) {
      target.set(samples.subarray(from - start, from - start + target.length));
      return;
    }
    const length = end - start;
    let index = 0;
    while (index < target.length) {
      const first = this.#firstInput(from + index) - start;
      const hasFour = index + AT_ONCE <= target.length && first >= 0;
      if (hasFour && this.#firstInput(from + index + AT_ONCE - 1) - start + this.#taps <= length) {
        this.#sumFour(piece, target, { index, from });
        index += AT_ONCE;
      } else {
        target[index] = this.#sumOne(samples, { first, length, row: ((from + index) % output) * this.#taps });
        index++;
      }
    }
  }

  /** Where in the whole signal the input of output `at` begins; makes its weights ready. */
  #firstInput(at: number): number {
    const { input, output } = this.ratio;
    const phase = at % output;
    if (this.#ready[phase] === 0) this.#preparePhase(phase);
    return ((at - phase) / output) * input + (this.#firstTap[phase] ?? 0);
  }

  /** An output whose input may reach beyond the piece, where zeros are taken. */
  #sumOne(
    samples: Float32Array,
    { first, length, row }: { readonly first: number; readonly length: number; readonly row: number },
  ): number {
    const weights = this.#weights;
    const highest = Math.min(this.#taps, length - first);
    let sum = 0;
    for (let tap = Math.max(0, -first); tap < highest; tap++) {
      // As the reference's convolution: tap after tap, each sum rounded to float32, which decides bins next to silence.
      sum = round(sum + (weights[row + tap] ?? 0) * (samples[first + tap] ?? 0));
    }
    return sum;
  }

  /** {@link #sumOne} of four outputs in turn: each sum waits for its last one, so four take little longer than one. */
  #sumFour(
    { samples, start }: SignalPiece,
    target: Float32Array,
    { index, from }: { readonly index: number; readonly from: number },
  ): void {
    const weights = this.#weights;
    const taps = this.#taps;
    const { output } = this.ratio;
    const at = from + index;
    const first0 = this.#firstInput(at) - start;
    const first1 = this.#firstInput(at + 1) - start;
    const first2 = this.#firstInput(at + 2) - start;
    const first3 = this.#firstInput(at + 3) - start;
    const row0 = (at % output) * taps;
    const row1 = ((at + 1) % output) * taps;
    const row2 = ((at + 2) % output) * taps;
    const row3 = ((at + 3) % output) * taps;
    let sum0 = 0;
    let sum1 = 0;
    let sum2 = 0;
    let sum3 = 0;
    for (let tap = 0; tap < taps; tap++) {
      sum0 = round(sum0 + (weights[row0 + tap] ?? 0) * (samples[first0 + tap] ?? 0));
      sum1 = round(sum1 + (weights[row1 + tap] ?? 0) * (samples[first1 + tap] ?? 0));
      sum2 = round(sum2 + (weights[row2 + tap] ?? 0) * (samples[first2 + tap] ?? 0));
      sum3 = round(sum3 + (weights[row3 + tap] ?? 0) * (samples[first3 + tap] ?? 0));
    }
    target[index] = sum0;
    target[index + 1] = sum1;
    target[index + 2] = sum2;
    target[index + 3] = sum3;
  }

  /** Rounded to float32 after every step, because the reference builds its kernel in float32: up to 6e-5 otherwise. */
  #preparePhase(phase: number): void {
    const { input, output } = this.ratio;
    const first = Math.ceil((phase * input) / output - this.#halfWidth);
    const row = phase * this.#taps;
    this.#firstTap[phase] = first;
    this.#ready[phase] = 1;
    const base = ROLLOFF * Math.min(input, output);
    const scale = round(base / input);
    const shift = round(-phase / output);
    const pi = round(Math.PI);
    for (let tap = 0; tap < this.#taps; tap++) {
      const time = round(round(shift + round((first + tap) / input)) * round(base));
      if (Math.abs(time) >= ZERO_CROSSINGS) continue;
      const angle = round(time * pi);
      const root = cosine(round(round(angle / ZERO_CROSSINGS) / 2));
      const window = round(round(root * root) * scale);
      const sinc = angle === 0 ? 1 : round(sine(angle) / angle);
      this.#weights[row + tap] = sinc * window;
    }
  }
}

const kernels = new Map<string, ResampleKernel>();

/**
 * The filter bank for a ratio; the last few are kept, since they depend on nothing else.
 *
 * @throws {SensebindError} `INPUT_UNSUPPORTED` as {@link ResampleKernel}.
 */
export function resampleKernel(ratio: ResampleRatio): ResampleKernel {
  const divisor = greatestCommonDivisor(ratio.input, ratio.output);
  const key = `${ratio.input / divisor}:${ratio.output / divisor}`;
  const kernel = kernels.get(key) ?? new ResampleKernel(ratio);
  kernels.delete(key);
  kernels.set(key, kernel);
  const [oldest] = kernels.keys();
  if (kernels.size > CACHED_KERNELS && oldest !== undefined) kernels.delete(oldest);
  return kernel;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
