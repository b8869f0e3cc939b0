import { depthColour, thermalColour } from '../../falseColours';
import type { Reading } from '../../reading';
import { colourBlocks, type Raster } from './colourBlocks';
import { sparkline, Trace } from './sparkline';
import { SpectrumBars } from './spectrumBars';

/** Widest picture; a terminal may be narrower. */
const MAX_COLUMNS = 80;

const AXES = ['ax', 'ay', 'az', 'gx', 'gy', 'gz'] as const;

/** The newest of what one source sends, as lines for a terminal. Pictures are scaled down at once, so none is kept. */
export class Scene {
  readonly #traces = AXES.map(() => new Trace(MAX_COLUMNS));
  readonly #spectrum = new SpectrumBars();
  #raster: Raster | undefined;
  #caption = '';
  #modality: Reading['modality'] | undefined;
  #profile: readonly number[] = [];

  show(reading: Reading): void {
    this.#modality = reading.modality;
    switch (reading.modality) {
      case 'audio':
        this.#spectrum.append(reading.channels[0] ?? new Float32Array(0), reading.sampleRateHz);
        break;
      case 'imu':
        for (const [axis, values] of [...reading.acceleration, ...(reading.angularVelocity ?? [])].entries()) {
          this.#traces[axis]?.append(values);
        }
        break;
      case 'vision': {
        const { rgb, width, height } = reading;
        const at = (index: number): readonly [number, number, number] => [
          rgb[index * 3] ?? 0,
          rgb[index * 3 + 1] ?? 0,
          rgb[index * 3 + 2] ?? 0,
        ];
        this.#keep({ width, height, at }, `${width} × ${height}`);
        break;
      }
      case 'depth': {
        const { metres, width, height } = reading;
        const { least, most } = rangeOf(metres);
        this.#keep(
          { width, height, at: (index) => depthColour(metres[index] ?? 0, { least, most }) },
          `${width} × ${height}, ${least.toFixed(2)} to ${most.toFixed(2)} m, black is missing`,
        );
        break;
      }
      case 'thermal': {
        const { values, width, height, unit } = reading;
        const { least, most } = rangeOf(values);
        const text = (value: number): string =>
          unit === 'K' ? `${(value - 273.15).toFixed(1)} °C` : `${value.toFixed(0)} counts`;
        this.#keep(
          {
            width,
            height,
            at: (index) => thermalColour(((values[index] ?? 0) - least) / Math.max(1e-6, most - least)),
          },
          `${width} × ${height}, ${text(least)} to ${text(most)}`,
        );
        break;
      }
      case 'radar':
        this.#profile = [...reading.profile];
        this.#caption = `${reading.profile.length} distances of ${reading.binMetres} m`;
        break;
    }
  }

  /** @param columns - Width of the terminal. */
  lines(columns: number): readonly string[] {
    const width = Math.min(columns, MAX_COLUMNS);
    switch (this.#modality) {
      case undefined:
        return [];
      case 'audio':
        return this.#spectrum.lines(width);
      case 'imu':
        return this.#traces.map((trace, axis) => trace.line(AXES[axis] ?? '', width));
      case 'radar':
        return [this.#caption, sparkline(this.#profile, { width })];
      default:
        return [this.#caption, ...(this.#raster === undefined ? [] : colourBlocks(this.#raster, width))];
    }
  }

  /** Pixels stand on memory that is ours during the call only: what will be drawn is copied, no larger than needed. */
  #keep(raster: Raster, caption: string): void {
    this.#caption = caption;
    const width = Math.min(raster.width, MAX_COLUMNS);
    const height = Math.max(1, Math.round((raster.height * width) / raster.width));
    const pixels = Array.from({ length: width * height }, (_, index) => {
      const x = Math.floor(((index % width) * raster.width) / width);
      const y = Math.floor((Math.floor(index / width) * raster.height) / height);
      return raster.at(y * raster.width + x);
    });
    this.#raster = { width, height, at: (index) => pixels[index] ?? [0, 0, 0] };
  }
}

/** Least and greatest of what is there: 0 means missing. */
function rangeOf(values: Float32Array): { readonly least: number; readonly most: number } {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value <= 0) continue;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return least <= most ? { least, most } : { least: 0, most: 0 };
}
