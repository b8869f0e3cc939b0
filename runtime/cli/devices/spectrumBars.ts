import { RealFft } from '../../preprocess/realFft';
import { sparkline } from './sparkline';

const SIZE = 1024;
const BARS = 40;
const LOWEST_HZ = 60;

/** What a bar may show, in dB of full scale. */
const QUIETEST_DB = -90;
const LOUDEST_DB = -10;

/** Level and spectrum of the last {@link SIZE} samples of a sound. */
export class SpectrumBars {
  readonly #fft = new RealFft(SIZE);
  readonly #power = new Float64Array(SIZE / 2 + 1);
  readonly #window = Float32Array.from(
    { length: SIZE },
    (_, index) => 0.5 - 0.5 * Math.cos((2 * Math.PI * index) / SIZE),
  );
  #newest = new Float32Array(SIZE);
  #sampleRateHz = 0;

  append(samples: Float32Array, sampleRateHz: number): void {
    this.#sampleRateHz = sampleRateHz;
    const kept = samples.subarray(Math.max(0, samples.length - SIZE));
    this.#newest.copyWithin(0, kept.length);
    this.#newest.set(kept, SIZE - kept.length);
  }

  lines(width: number): readonly string[] {
    if (this.#sampleRateHz === 0) return [];
    const level = decibel(this.#newest.reduce((sum, sample) => sum + sample * sample, 0) / SIZE);
    const highestHz = this.#sampleRateHz / 2;
    return [
      `level ${level.toFixed(1)} dBFS`,
      sparkline(this.#bars(Math.min(BARS, width), highestHz), { width, range: [QUIETEST_DB, LOUDEST_DB] }),
      `${LOWEST_HZ} Hz to ${highestHz} Hz`,
    ];
  }

  /** Loudest bin of each bar; bars are equally wide on a logarithmic scale, as ears hear. */
  #bars(count: number, highestHz: number): readonly number[] {
    this.#fft.powerSpectrum(
      this.#newest.map((sample, index) => sample * (this.#window[index] ?? 0)),
      this.#power,
    );
    const binOf = (bar: number): number =>
      Math.round(((LOWEST_HZ * (highestHz / LOWEST_HZ) ** (bar / count)) / highestHz) * (SIZE / 2));
    return Array.from({ length: count }, (_, bar) => {
      const bins = this.#power.subarray(binOf(bar), Math.max(binOf(bar) + 1, binOf(bar + 1)));
      // A sine of full scale has a power of (SIZE / 4)² in this window.
      return decibel(Math.max(...bins) / (SIZE / 4) ** 2);
    });
  }
}

function decibel(power: number): number {
  return power > 0 ? 10 * Math.log10(power) : -120;
}
