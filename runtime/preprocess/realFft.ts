/**
 * Power spectrum of real signals whose length is a power of two. All tables are made once; nothing is allocated per
 * call.
 *
 * The signal is read as half as many complex numbers (even samples real, odd ones imaginary), transformed by a radix-2
 * decimation in time, and untangled.
 */
export class RealFft {
  readonly #half: number;
  readonly #real: Float64Array;
  readonly #imaginary: Float64Array;
  readonly #reversed: Uint32Array;
  /** cos and sin of −2πk/size. */
  readonly #cosine: Float64Array;
  readonly #sine: Float64Array;

  /** `size`: a power of two, at least 4. */
  constructor(size: number) {
    const half = size / 2;
    this.#half = half;
    this.#real = new Float64Array(half);
    this.#imaginary = new Float64Array(half);
    this.#reversed = bitReversal(half);
    this.#cosine = Float64Array.from({ length: half }, (_, index) => Math.cos((2 * Math.PI * index) / size));
    this.#sine = Float64Array.from({ length: half }, (_, index) => -Math.sin((2 * Math.PI * index) / size));
  }

  /** `power[k] = |Σ signal[t]·exp(−2πikt/size)|²` for k = 0 … size/2. `signal` holds `size` values. */
  powerSpectrum(signal: Float64Array, power: Float64Array): void {
    this.#load(signal);
    this.#transform();
    this.#untangle(power);
  }

  #load(signal: Float64Array): void {
    for (let index = 0; index < this.#half; index++) {
      const from = 2 * (this.#reversed[index] ?? 0);
      this.#real[index] = signal[from] ?? 0;
      this.#imaginary[index] = signal[from + 1] ?? 0;
    }
  }

  #transform(): void {
    const half = this.#half;
    const real = this.#real;
    const imaginary = this.#imaginary;
    const cosines = this.#cosine;
    const sines = this.#sine;
    for (let span = 1; span < half; span *= 2) {
      const stride = half / span;
      for (let offset = 0; offset < span; offset++) {
        const cosine = cosines[offset * stride] ?? 0;
        const sine = sines[offset * stride] ?? 0;
        for (let low = offset; low < half; low += 2 * span) {
          const high = low + span;
          const highReal = real[high] ?? 0;
          const highImaginary = imaginary[high] ?? 0;
          const turnedReal = highReal * cosine - highImaginary * sine;
          const turnedImaginary = highReal * sine + highImaginary * cosine;
          const lowReal = real[low] ?? 0;
          const lowImaginary = imaginary[low] ?? 0;
          real[low] = lowReal + turnedReal;
          imaginary[low] = lowImaginary + turnedImaginary;
          real[high] = lowReal - turnedReal;
          imaginary[high] = lowImaginary - turnedImaginary;
        }
      }
    }
  }

  /**
   * X[k] = E[k] + exp(−2πik/size)·O[k], where E and O are the spectra of the even and of the odd samples; the mirrored
   * X[half − k] is the conjugate of E[k] − exp(−2πik/size)·O[k].
   */
  #untangle(power: Float64Array): void {
    const half = this.#half;
    const real = this.#real;
    const imaginary = this.#imaginary;
    const firstReal = real[0] ?? 0;
    const firstImaginary = imaginary[0] ?? 0;
    power[0] = (firstReal + firstImaginary) ** 2;
    power[half] = (firstReal - firstImaginary) ** 2;
    for (let low = 1; low <= half / 2; low++) {
      const high = half - low;
      const evenReal = ((real[low] ?? 0) + (real[high] ?? 0)) / 2;
      const evenImaginary = ((imaginary[low] ?? 0) - (imaginary[high] ?? 0)) / 2;
      const oddReal = ((imaginary[low] ?? 0) + (imaginary[high] ?? 0)) / 2;
      const oddImaginary = ((real[high] ?? 0) - (real[low] ?? 0)) / 2;
      const cosine = this.#cosine[low] ?? 0;
      const sine = this.#sine[low] ?? 0;
      const turnedReal = oddReal * cosine - oddImaginary * sine;
      const turnedImaginary = oddReal * sine + oddImaginary * cosine;
      power[low] = (evenReal + turnedReal) ** 2 + (evenImaginary + turnedImaginary) ** 2;
      power[high] = (evenReal - turnedReal) ** 2 + (evenImaginary - turnedImaginary) ** 2;
    }
  }
}

function bitReversal(size: number): Uint32Array {
  const reversed = new Uint32Array(size);
  for (let index = 1; index < size; index++) {
    reversed[index] = ((reversed[index >> 1] ?? 0) >> 1) | ((index & 1) * (size >> 1));
  }
  return reversed;
}
