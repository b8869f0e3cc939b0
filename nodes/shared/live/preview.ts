import { type Colour, depthColour, thermalColour } from '../../../runtime/falseColours';
import type { DepthReading, Reading, ThermalReading, VisionReading } from '../../../runtime/reading';
import { type MotionPreview, MotionTrace } from './motionTrace';
import { type SoundPreview, Spectrogram } from './spectrogram';

/** A small picture: 8-bit RGB in Base64, row-major. */
export interface PicturePreview {
  readonly kind: 'picture';
  readonly width: number;
  readonly height: number;
  readonly rgb: string;
  /** What the colours mean, where they are none of a camera. */
  readonly range?: { readonly least: number; readonly most: number; readonly unit: string };
}

/** What a source sees or hears at the moment, small enough to be asked for several times a second. */
export type Preview = PicturePreview | SoundPreview | MotionPreview;

/** Pixels of the longer side. */
const LONGEST_SIDE = 96;

/** Makes the preview of one source. What needs a past gathers it only while somebody looks. */
export class Previewer {
  #newest: Reading | undefined;
  #spectrogram: Spectrogram | undefined;
  #trace: MotionTrace | undefined;

  take(reading: Reading, isWatched: boolean): void {
    this.#newest = reading;
    if (!isWatched) {
      this.#spectrogram = undefined;
      this.#trace = undefined;
    } else if (reading.modality === 'audio') {
      this.#spectrogram ??= new Spectrogram(reading.sampleRateHz);
      this.#spectrogram.append(reading.channels[0] ?? new Float32Array());
    } else if (reading.modality === 'imu') {
      this.#trace ??= new MotionTrace();
      this.#trace.append(reading);
    }
  }

  preview(): Preview | undefined {
    const newest = this.#newest;
    switch (newest?.modality) {
      case 'audio':
        return this.#spectrogram?.preview();
      case 'imu':
        return this.#trace?.preview();
      case 'vision':
        return picture(newest, colourOfPixel(newest));
      case 'depth':
        return depthPicture(newest);
      case 'thermal':
        return thermalPicture(newest);
      default:
        return undefined;
    }
  }
}

function picture(
  { width, height }: { readonly width: number; readonly height: number },
  colourAt: (index: number) => Colour,
): PicturePreview {
  const step = Math.max(1, Math.ceil(Math.max(width, height) / LONGEST_SIDE));
  const small = { width: Math.floor(width / step), height: Math.floor(height / step) };
  const rgb = Buffer.alloc(3 * small.width * small.height);
  for (let row = 0; row < small.height; row++) {
    for (let column = 0; column < small.width; column++) {
      rgb.set(colourAt(row * step * width + column * step), 3 * (row * small.width + column));
    }
  }
  return { kind: 'picture', ...small, rgb: rgb.toString('base64') };
}

function colourOfPixel({ rgb }: VisionReading): (index: number) => Colour {
  return (index) => [rgb[3 * index] ?? 0, rgb[3 * index + 1] ?? 0, rgb[3 * index + 2] ?? 0];
}

function depthPicture(reading: DepthReading): PicturePreview {
  const range = rangeOf(reading.metres);
  const small = picture(reading, (index) => depthColour(reading.metres[index] ?? 0, range));
  return { ...small, range: { ...range, unit: 'm' } };
}

function thermalPicture(reading: ThermalReading): PicturePreview {
  const { values, unit } = reading;
  const range = rangeOf(values);
  const width = Math.max(1e-6, range.most - range.least);
  const small = picture(reading, (index) => thermalColour(((values[index] ?? 0) - range.least) / width));
  if (unit !== 'K') return { ...small, range: { ...range, unit: '' } };
  return { ...small, range: { least: range.least - ZERO_CELSIUS, most: range.most - ZERO_CELSIUS, unit: '°C' } };
}

const ZERO_CELSIUS = 273.15;

/** Of what was measured: zero is a pixel without a value. */
function rangeOf(values: Float32Array): { readonly least: number; readonly most: number } {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (!(value > 0)) continue;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return least <= most ? { least, most } : { least: 0, most: 0 };
}
