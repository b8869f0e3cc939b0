/**
 * Power spectrum of real signals whose length is a power of two. All tables are made once; nothing is allocated per
 * call.
 *
 * Decimation in time: the even and the odd samples apart where the size is no power of four, then by radix 4, each
 * step rounded to float32. That is how PyTorch's own transform (PocketFFT, in builds without MKL) orders its
 * operations, and order matters: in bins that lie 100 dB below the loudest one, float32 rounding moves the log-mel
 * energy by more than the parity tolerance, and an exact transform would be as far off as any other.
 */
export class RealFft {
  readonly #size: number;
  /** Bins 0 … m/2 of each sub-transform of length m, one after the other; two sets that the stages swap. */
  #real: Float32Array;
  #imaginary: Float32Array;
  #nextReal: Float32Array;
  #nextImaginary: Float32Array;
  /** cos and sin of 2πk/size. */
  readonly #cosine: Float32Array;
  readonly #sine: Float32Array;

  /** `size`: a power of two, at least 4. */
  constructor(size: number) {
    this.#size = size;
    this.#real = new Float32Array(size);
    this.#imaginary = new Float32Array(size);
    this.#nextReal = new Float32Array(size);
    this.#nextImaginary = new Float32Array(size);
    this.#cosine = Float32Array.from({ length: size }, (_, index) => Math.cos((2 * Math.PI * index) / size));
    this.#sine = Float32Array.from({ length: size }, (_, index) => Math.sin((2 * Math.PI * index) / size));
  }

  /** `power[k] = |Σ signal[t]·exp(−2πikt/size)|²` for k = 0 … size/2. `signal` holds `size` values. */
  powerSpectrum(signal: Float32Array, power: Float64Array): void {
    this.#real.set(signal);
    this.#imaginary.fill(0);
    let length = 1;
    for (; length * 4 <= this.#size; length *= 4) this.#combineFour(length);
    if (length < this.#size) this.#combineTwo(length);
    for (let bin = 0; bin <= this.#size / 2; bin++) {
      power[bin] = (this.#real[bin] ?? 0) ** 2 + (this.#imaginary[bin] ?? 0) ** 2;
    }
  }

  /** Sub-transforms of `length` → a quarter as many of four times the length. */
  #combineFour(length: number): void {
    const groups = this.#size / (4 * length);
    const bins = Math.floor(length / 2) + 1;
    for (let group = 0; group < groups; group++) {
      const from = group * bins;
      const to = group * (2 * length + 1);
      this.#combineFourAtZero({ from, apart: groups * bins, to, length });
      if (length > 1) this.#combineFourAtHalf({ from: from + length / 2, apart: groups * bins, to, length });
      this.#combineFourBetween({ from, apart: groups * bins, to, length });
    }
    this.#swap();
  }

  #combineFourAtZero({ from, apart, to, length }: Step): void {
    const [first, second, third, fourth] = this.#realsAt(from, apart);
    const odd = Math.fround(fourth + second);
    const even = Math.fround(first + third);
    this.#store(to, even + odd, 0);
    this.#store(to + length, first - third, fourth - second);
    this.#store(to + 2 * length, even - odd, 0);
  }
}
