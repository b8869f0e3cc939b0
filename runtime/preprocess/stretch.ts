const BINS = 65_536;
const LOW_QUANTILE = 0.01;
const HIGH_QUANTILE = 0.99;

/**
 * The least temperature difference that fills black to white. A scene of one temperature must not show the noise of
 * the sensor (about 0.05 K) at full contrast.
 */
const MINIMUM_SPAN_KELVIN = 1;

/**
 * Radiometric frame → 8-bit picture as a thermal camera displays it: the 1 % and 99 % quantiles of the frame become
 * black and white, hot is bright (reference/imagebind.md §6.2). Quantiles come from a histogram, so a frame costs three
 * passes and no sort; they are exact to 1/65536 of the range of the frame.
 */
export class PercentileStretch {
  readonly #histogram = new Uint32Array(BINS);
  #gray = new Uint8Array(0);

  /**
   * @param kelvin finite values, at least one.
   * @returns one byte a pixel; valid until the next call.
   */
  apply(kelvin: Float32Array): Uint8Array {
    if (this.#gray.length !== kelvin.length) this.#gray = new Uint8Array(kelvin.length);
    const { black, white } = this.#limits(kelvin);
    const scale = 255 / (white - black);
    const gray = this.#gray;
    for (let index = 0; index < kelvin.length; index++) {
      const level = ((kelvin[index] ?? 0) - black) * scale + 0.5;
      if (level <= 0) gray[index] = 0;
      else gray[index] = level >= 255 ? 255 : Math.trunc(level);
    }
    return gray;
  }

  #limits(kelvin: Float32Array): { readonly black: number; readonly white: number } {
    const { lowest, highest } = extremes(kelvin);
    if (lowest === highest) return widened(lowest, highest);
    const binWidth = (highest - lowest) / (BINS - 1);
    this.#count(kelvin, lowest, binWidth);
    const last = kelvin.length - 1;
    return widened(
      lowest + this.#quantile(LOW_QUANTILE * last) * binWidth,
      lowest + this.#quantile(HIGH_QUANTILE * last) * binWidth,
    );
  }

  #count(kelvin: Float32Array, lowest: number, binWidth: number): void {
    const histogram = this.#histogram;
    const perKelvin = 1 / binWidth;
    histogram.fill(0);
    for (let index = 0; index < kelvin.length; index++) {
      const bin = Math.trunc(((kelvin[index] ?? 0) - lowest) * perKelvin + 0.5);
      histogram[bin] = (histogram[bin] ?? 0) + 1;
    }
  }

  /** In bins, at a rank between two pixels interpolated between theirs. */
  #quantile(rank: number): number {
    const below = Math.floor(rank);
    const share = rank - below;
    const lower = this.#binOfRank(below);
    return share === 0 ? lower : lower + (this.#binOfRank(below + 1) - lower) * share;
  }

  /** The bin of the pixel that has `rank` pixels before it in the order of temperature. */
  #binOfRank(rank: number): number {
    let before = 0;
    for (let bin = 0; bin < BINS; bin++) {
      before += this.#histogram[bin] ?? 0;
      if (before > rank) return bin;
    }
    return BINS - 1;
  }
}

function extremes(values: Float32Array): { readonly lowest: number; readonly highest: number } {
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < values.length; index++) {
    const value = values[index] ?? 0;
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
  }
  return { lowest, highest };
}

/** Both limits moved apart alike, so that a flat frame is mid-gray. */
function widened(low: number, high: number): { readonly black: number; readonly white: number } {
  const missing = Math.max(MINIMUM_SPAN_KELVIN - (high - low), 0);
  return { black: low - missing / 2, white: high + missing / 2 };
}
