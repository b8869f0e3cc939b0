import { Transformer } from '@napi-rs/image';
import { messageOf, SensebindError } from '../runtime/errors';

/** One 16-bit number a pixel, row-major, as the file holds them. */
export interface Gray16 {
  readonly values: Uint16Array;
  readonly width: number;
  readonly height: number;
}

/** What a PNG says of itself before any pixel is decoded (PNG specification, third edition, 11.2.1 IHDR). */
export interface PngHeader {
  readonly width: number;
  readonly height: number;
  readonly bitDepth: number;
  readonly channels: 1 | 2 | 3 | 4;
}

/** Depth and thermal sensors stay far below; a header that claims more is hostile or wrong (fault row F24). */
export const MAXIMUM_PIXELS = 2 ** 24;

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

/** Palette pictures (3) decode to three channels. */
const CHANNELS_BY_COLOUR_TYPE: ReadonlyMap<number, PngHeader['channels']> = new Map([
  [0, 1],
  [2, 3],
  [3, 3],
  [4, 2],
  [6, 4],
]);

/** The header of a PNG file, or nothing when the bytes do not start as one. */
export function readPngHeader(bytes: Uint8Array): PngHeader | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.length < 33 || !view.subarray(0, 8).equals(SIGNATURE) || view.toString('latin1', 12, 16) !== 'IHDR') {
    return undefined;
  }
  const channels = CHANNELS_BY_COLOUR_TYPE.get(view.readUInt8(25));
  if (channels === undefined) return undefined;
  return { width: view.readUInt32BE(16), height: view.readUInt32BE(20), bitDepth: view.readUInt8(24), channels };
}

/**
 * Decodes a 16-bit gray PNG, the usual container of depth and radiometric thermal frames.
 *
 * @throws {SensebindError} `INPUT_INVALID` for any other picture or damaged data; `INPUT_TOO_LARGE` above
 * {@link MAXIMUM_PIXELS}, before anything is decoded.
 */
export async function decodeGray16(bytes: Uint8Array): Promise<Gray16> {
  const header = readPngHeader(bytes);
  if (header === undefined) throw invalid('bytes that do not start as a PNG');
  const { width, height, bitDepth, channels } = header;
  if (bitDepth !== 16 || channels !== 1) throw invalid(`${bitDepth} bits and ${channels} channel(s)`);
  requireSize({ width, height });
  const decoded = await new Transformer(bytes).rawPixels().catch((error: unknown) => {
    throw invalid(`damaged data: ${messageOf(error)}`);
  });
  if (decoded.length !== width * height * 2) throw invalid(`${decoded.length} bytes of pixels for ${width}x${height}`);
  // The decoder gives native words at any offset; a copy aligns them.
  return { values: new Uint16Array(Uint8Array.from(decoded).buffer), width, height };
}

/** Refuses a picture without pixels or above {@link MAXIMUM_PIXELS}. */
export function requireSize({ width, height }: { readonly width: number; readonly height: number }): void {
  if (width < 1 || height < 1) throw invalid(`a size of ${width}x${height}`);
  if (width * height <= MAXIMUM_PIXELS) return;
  throw new SensebindError(
    'INPUT_TOO_LARGE',
    `Expected at most ${MAXIMUM_PIXELS} pixels, found a header that claims ${width}x${height}`,
    'Scale the picture down to the resolution of the sensor.',
  );
}

function invalid(found: string): SensebindError {
  return new SensebindError(
    'INPUT_INVALID',
    `Expected a 16-bit gray PNG, found ${found}`,
    'Save the raw sensor values as a PNG with one 16-bit channel.',
  );
}
