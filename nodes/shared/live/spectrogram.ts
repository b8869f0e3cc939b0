import { RealFft } from '../../../runtime/preprocess/realFft';

/** Loudness by pitch over the last seconds. */
export interface SoundPreview {
  readonly kind: 'sound';
  /** Columns, oldest first, `bands` bytes each, the lowest pitch first; 0 is {@link QUIETEST_DB}, 255 full scale. In Base64. */
  readonly columns: string;
  readonly bands: number;
  readonly levelDb: number;
}

const SIZE = 512;
const BANDS = 48;
const COLUMNS = 128;
const LOWEST_HZ = 60;
const QUIETEST_DB = -90;

/** Spectra of a running sound, one each {@link SIZE} samples, on a logarithmic scale of pitch, as ears hear. */
export class Spectrogram {
  readonly #fft = new RealFft(SIZE);
  readonly #window = Float32Array.from(
    { length: SIZE },
    (_, index) => 0.5 - 0.5 * Math.cos((2 * Math.PI * index) / SIZE),
  );
  readonly #samples = new Float32Array(SIZE);
  readonly #power = new Float64Array(SIZE / 2 + 1);
  /** First bin of each band, and the end of the last. */
  readonly #edges: readonly number[];
  readonly #columns: Uint8Array[] = [];
  #filled = 0;
  #levelDb = QUIETEST_DB;

  constructor(sampleRateHz: number) {
    const highestHz = sampleRateHz / 2;
    this.#edges = Array.from({ length: BANDS + 1 }, (_, band) =>
      Math.round(((LOWEST_HZ * (highestHz / LOWEST_HZ) ** (band / BANDS)) / highestHz) * (SIZE / 2)),
    );
  }

  append(samples: Float32Array): void {
    for (let start = 0; start < samples.length; ) {
      const part = samples.subarray(start, start + SIZE - this.#filled);
      this.#samples.set(part, this.#filled);
      this.#filled += part.length;
      start += part.length;
      if (this.#filled === SIZE) this.#addColumn();
    }
  }

  preview(): SoundPreview {
    const columns = Buffer.concat(this.#columns).toString('base64');
    return { kind: 'sound', columns, bands: BANDS, levelDb: this.#levelDb };
  }

  #addColumn(): void {
    this.#filled = 0;
    let sum = 0;
    for (const [index, sample] of this.#samples.entries()) {
      sum += sample * sample;
      this.#samples[index] = sample * (this.#window[index] ?? 0);
    }
    this.#levelDb = decibel(sum / SIZE);
    this.#fft.powerSpectrum(this.#samples, this.#power);
    this.#columns.push(Uint8Array.from({ length: BANDS }, (_, band) => this.#loudness(band)));
    if (this.#columns.length > COLUMNS) this.#columns.shift();
  }

  /** The loudest bin of a band. A sine of full scale has a power of (SIZE / 4)² in this window. */
  #loudness(band: number): number {
    const from = this.#edges[band] ?? 0;
    let loudest = 0;
    for (let bin = from; bin < Math.max(from + 1, this.#edges[band + 1] ?? 0); bin++) {
      loudest = Math.max(loudest, this.#power[bin] ?? 0);
    }
    const share = 1 - decibel(loudest / (SIZE / 4) ** 2) / QUIETEST_DB;
    return Math.round(255 * Math.max(0, Math.min(1, share)));
  }
}

function decibel(power: number): number {
  return power > 0 ? Math.max(QUIETEST_DB, 10 * Math.log10(power)) : QUIETEST_DB;
}
