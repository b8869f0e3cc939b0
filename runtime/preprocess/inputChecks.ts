import type { InputSpec, PictureSpec } from '../../models/bundle/manifest';
import { SensebindError } from '../errors';
import type { EncoderInput } from './input';

/** Larger than any camera that this is for; a wrong unit or a swapped byte order shows itself here. */
export const MAX_SIDE = 16_384;

/** 50 megapixels: the largest photo sensors in common use. */
export const MAX_PHOTO_PIXELS = 50_000_000;

/** Depth and thermal sensors stay far below a photo; their preprocessing keeps several numbers a pixel. */
export const MAX_SENSOR_PIXELS = 4096 * 4096;

/** What a preset of pictures makes: so many channels, and several frames an item or one. */
export interface PictureMade {
  readonly preset: string;
  readonly channels: number;
  readonly frames: 'several' | 'one';
}

/**
 * The spec, if it is one of pictures that the preset makes.
 *
 * @throws {SensebindError} `PRESET_UNKNOWN`.
 */
export function pictureSpec(spec: InputSpec, { preset, channels, frames }: PictureMade): PictureSpec {
  const fits = spec.kind === 'picture' && spec.channels === channels;
  if (fits && (spec.frames === undefined || frames === 'several')) return spec;
  throw new SensebindError(
    'PRESET_UNKNOWN',
    `Expected an encoder of pictures for preset "${preset}", with ${channels} channels and ${frames === 'one' ? 'no' : 'any number of'} frames; found ${JSON.stringify(spec)}`,
    'Name a preset that fits the encoder in the manifest of the bundle.',
  );
}

/** A frame of a camera as it came in: `values` holds `valuesPerPixel` for each of width × height pixels. */
export interface FrameShape {
  readonly name: string;
  readonly values: ArrayLike<number>;
  readonly valuesPerPixel: number;
  readonly width: number;
  readonly height: number;
  readonly maxPixels: number;
}

/** @throws {SensebindError} `INPUT_INVALID`, `INPUT_TOO_LARGE`. */
export function checkFrame(frame: FrameShape): void {
  const { name, values, valuesPerPixel, width, height } = frame;
  checkSize(frame);
  const expected = width * height * valuesPerPixel;
  if (values.length === expected) return;
  throw new SensebindError(
    'INPUT_INVALID',
    `Expected ${name} of ${width} × ${height} pixels to hold ${expected} values, found ${values.length}`,
    'Pass the width and height of the frame itself, and one whole frame without row padding.',
  );
}

/** @throws {SensebindError} `INPUT_INVALID`, `INPUT_TOO_LARGE`. */
export function checkSize({ name, width, height, maxPixels }: Omit<FrameShape, 'values' | 'valuesPerPixel'>): void {
  if (!(Number.isInteger(width) && Number.isInteger(height) && width >= 1 && height >= 1)) {
    throw new SensebindError(
      'INPUT_INVALID',
      `Expected ${name} at least 1 pixel wide and high, found ${width} × ${height}`,
      'Pass width and height as whole numbers.',
    );
  }
  if (width > MAX_SIDE || height > MAX_SIDE || width * height > maxPixels) {
    throw new SensebindError(
      'INPUT_TOO_LARGE',
      `Expected ${name} with at most ${MAX_SIDE} pixels a side and ${maxPixels} in all, found ${width} × ${height}`,
      'Scale the picture down first.',
    );
  }
}

/** The error for an input of another kind than the preset `takes`. */
export function unsupportedInput(input: EncoderInput, preset: string, takes: readonly string[]): SensebindError {
  return new SensebindError(
    'INPUT_UNSUPPORTED',
    `Expected ${takes.join(' or ')} for preset "${preset}", found "${input.kind}"`,
    'Send the input to the encoder of its own modality.',
  );
}
