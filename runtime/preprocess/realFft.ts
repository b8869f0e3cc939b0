const round = Math.fround;
const HALF_ROOT = round(Math.SQRT1_2);

/** The transforms of equally long parts of a signal, one after the other: bins 0 … length/2 of each. */
interface Spectra {
  readonly real: Float32Array;
  readonly imaginary: Float32Array;
}

/**
 * Power spectrum of real signals whose length is a power of two. All tables are made once; nothing is allocated per
 * call.
 *
 * Decimation in time by radix 4, the last stage by radix 2 where the size is no power of four, with every operation
 * rounded to float32. PyTorch's transform rounds in the same places (PocketFFT, in builds without MKL). That matters:
 * in bins 100 dB below the loudest one, float32 rounding moves the log-mel energy by more than the parity tolerance,
 * and an exact transform is as far from the reference as any other.
 */
export class RealFft {
  readonly #size: number;
  #parts: Spectra;
  #combined: Spectra;
  /** cos and sin of 2πk/size. */
  readonly #cosine: Float32Array;
  readonly #sine: Float32Array;

  /** `size`: a power of two, at least 4. */
  constructor(size: number) {
    this.#size = size;
    this.#parts = { real: new Float32Array(size), imaginary: new Float32Array(size) };
    this.#combined = { real: new Float32Array(size), imaginary: new Float32Array(size) };
    this.#cosine = Float32Array.from({ length: size }, (_, index) => Math.cos((2 * Math.PI * index) / size));
    this.#sine = Float32Array.from({ length: size }, (_, index) => Math.sin((2 * Math.PI * index) / size));
  }

  /** `power[k] = |Σ signal[t]·exp(−2πikt/size)|²` for k = 0 … size/2. `signal` holds `size` values. */
  powerSpectrum(signal: Float32Array, power: Float64Array): void {
    this.#parts.real.set(signal);
    this.#parts.imaginary.fill(0);
    let length = 1;
    for (; 4 * length <= this.#size; length *= 4) {
      this.#combineFourEnds(length);
      this.#combineFourInsides(length);
      this.#swap();
    }
    if (length < this.#size) {
      this.#combineTwo(length);
      this.#swap();
    }
    const { real, imaginary } = this.#parts;
    for (let bin = 0; bin <= this.#size / 2; bin++) power[bin] = (real[bin] ?? 0) ** 2 + (imaginary[bin] ?? 0) ** 2;
  }

  /**
   * Each four parts of `length` m, a quarter of all apart, become one. With w = exp(−2πik/4m), X[k + jm] is the sum
   * over parts p of (−i)^(jp)·w^p·P[k], and X[2m − k] the conjugate of X[2m + k]. Here the parts' bins 0 and m/2, which
   * are real.
   */
  #combineFourEnds(length: number): void {
    const { real } = this.#parts;
    const { real: toReal, imaginary: toImaginary } = this.#combined;
    const groups = this.#size / (4 * length);
    const half = length / 2;
    const bins = Math.floor(half) + 1;
    const apart = groups * bins;
    for (let group = 0; group < groups; group++) {
      const from = group * bins;
      const to = group * (2 * length + 1);
      const first = real[from] ?? 0;
      const second = real[from + apart] ?? 0;
      const third = real[from + 2 * apart] ?? 0;
      const fourth = real[from + 3 * apart] ?? 0;
      const odd = round(fourth + second);
      const even = round(first + third);
      toReal[to] = even + odd;
      toImaginary[to] = 0;
      toReal[to + length] = first - third;
      toImaginary[to + length] = fourth - second;
      toReal[to + 2 * length] = even - odd;
      toImaginary[to + 2 * length] = 0;
      if (length === 1) continue;
      const firstHalf = real[from + half] ?? 0;
      const secondHalf = real[from + apart + half] ?? 0;
      const thirdHalf = real[from + 2 * apart + half] ?? 0;
      const fourthHalf = real[from + 3 * apart + half] ?? 0;
      const difference = round(HALF_ROOT * round(secondHalf - fourthHalf));
      const sum = round(-HALF_ROOT * round(secondHalf + fourthHalf));
      toReal[to + half] = firstHalf + difference;
      toImaginary[to + half] = sum - thirdHalf;
      toReal[to + 3 * half] = firstHalf - difference;
      toImaginary[to + 3 * half] = sum + thirdHalf;
    }
  }

  /** {@link #combineFourEnds} for the bins between. */
  #combineFourInsides(length: number): void {
    const { real, imaginary } = this.#parts;
    const { real: toReal, imaginary: toImaginary } = this.#combined;
    const groups = this.#size / (4 * length);
    const bins = Math.floor(length / 2) + 1;
    const apart = groups * bins;
    for (let bin = 1; bin < length / 2; bin++) {
      const cosine = this.#cosine[bin * groups] ?? 0;
      const sine = this.#sine[bin * groups] ?? 0;
      const cosineTwice = this.#cosine[2 * bin * groups] ?? 0;
      const sineTwice = this.#sine[2 * bin * groups] ?? 0;
      const cosineThrice = this.#cosine[3 * bin * groups] ?? 0;
      const sineThrice = this.#sine[3 * bin * groups] ?? 0;
      for (let group = 0; group < groups; group++) {
        const first = group * bins + bin;
        const second = first + apart;
        const third = second + apart;
        const fourth = third + apart;
        const secondReal = round(round(cosine * (real[second] ?? 0)) + round(sine * (imaginary[second] ?? 0)));
        const secondImaginary = round(round(cosine * (imaginary[second] ?? 0)) - round(sine * (real[second] ?? 0)));
        const thirdReal = round(round(cosineTwice * (real[third] ?? 0)) + round(sineTwice * (imaginary[third] ?? 0)));
        const thirdImaginary = round(
          round(cosineTwice * (imaginary[third] ?? 0)) - round(sineTwice * (real[third] ?? 0)),
        );
        const fourthReal = round(
          round(cosineThrice * (real[fourth] ?? 0)) + round(sineThrice * (imaginary[fourth] ?? 0)),
        );
        const fourthImaginary = round(
          round(cosineThrice * (imaginary[fourth] ?? 0)) - round(sineThrice * (real[fourth] ?? 0)),
        );
        const oddSumReal = round(fourthReal + secondReal);
        const oddSumImaginary = round(secondImaginary + fourthImaginary);
        const oddDifferenceReal = round(fourthReal - secondReal);
        const oddDifferenceImaginary = round(secondImaginary - fourthImaginary);
        const evenSumReal = round((real[first] ?? 0) + thirdReal);
        const evenSumImaginary = round((imaginary[first] ?? 0) + thirdImaginary);
        const evenDifferenceReal = round((real[first] ?? 0) - thirdReal);
        const evenDifferenceImaginary = round((imaginary[first] ?? 0) - thirdImaginary);
        const to = group * (2 * length + 1);
        toReal[to + bin] = evenSumReal + oddSumReal;
        toImaginary[to + bin] = oddSumImaginary + evenSumImaginary;
        toReal[to + 2 * length - bin] = evenSumReal - oddSumReal;
        toImaginary[to + 2 * length - bin] = oddSumImaginary - evenSumImaginary;
        toReal[to + length + bin] = evenDifferenceReal + oddDifferenceImaginary;
        toImaginary[to + length + bin] = oddDifferenceReal + evenDifferenceImaginary;
        toReal[to + length - bin] = evenDifferenceReal - oddDifferenceImaginary;
        toImaginary[to + length - bin] = oddDifferenceReal - evenDifferenceImaginary;
      }
    }
  }

  /** The last two parts, of even and of odd samples, become one. */
  #combineTwo(length: number): void {
    const { real, imaginary } = this.#parts;
    const { real: toReal, imaginary: toImaginary } = this.#combined;
    const half = length / 2;
    const odd = half + 1;
    toReal[0] = (real[0] ?? 0) + (real[odd] ?? 0);
    toImaginary[0] = 0;
    toReal[length] = (real[0] ?? 0) - (real[odd] ?? 0);
    toImaginary[length] = 0;
    toReal[half] = real[half] ?? 0;
    toImaginary[half] = -(real[odd + half] ?? 0);
    for (let bin = 1; bin < half; bin++) {
      const cosine = this.#cosine[bin] ?? 0;
      const sine = this.#sine[bin] ?? 0;
      const oddReal = round(round(cosine * (real[odd + bin] ?? 0)) + round(sine * (imaginary[odd + bin] ?? 0)));
      const oddImaginary = round(round(cosine * (imaginary[odd + bin] ?? 0)) - round(sine * (real[odd + bin] ?? 0)));
      toReal[bin] = (real[bin] ?? 0) + oddReal;
      toImaginary[bin] = oddImaginary + (imaginary[bin] ?? 0);
      toReal[length - bin] = (real[bin] ?? 0) - oddReal;
      toImaginary[length - bin] = oddImaginary - (imaginary[bin] ?? 0);
    }
  }

  #swap(): void {
    const parts = this.#parts;
    this.#parts = this.#combined;
    this.#combined = parts;
  }
}
