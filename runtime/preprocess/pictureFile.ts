import { endianness } from 'node:os';
import type { Metadata } from '@napi-rs/image';
import { messageOf, moduleMissing, SensebindError } from '../errors';
import type { Size } from './crop';
import type { Pixels } from './input';
import { checkSize, MAX_PHOTO_PIXELS } from './inputChecks';
import { brokenPicture, pictureSize } from './pictureHeader';

const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** A gray picture as the file has it: 8 bits a pixel, or the 16 bits of a depth or radiometric PNG. */
export type GrayPicture = Size &
  ({ readonly bitDepth: 8; readonly values: Uint8Array } | { readonly bitDepth: 16; readonly values: Uint16Array });

/**
 * PNG or JPEG → RGB as Pillow's `convert("RGB")`: palettes resolved, gray repeated, alpha dropped and not composited, 16
 * bits cut to the upper 8 (also for gray, which Pillow clips to white instead). Of an animated PNG the default picture is
 * taken. As in the reference an EXIF rotation is not applied. JPEG decoders differ by a few levels; PNG is exact.
 *
 * @throws {SensebindError} `INPUT_UNSUPPORTED`, `INPUT_INVALID`, `INPUT_TOO_LARGE`.
 */
export async function decodePicture(bytes: Uint8Array): Promise<Pixels> {
  const { raw, layout, width, height } = await decode(bytes);
  return { rgb: toRgb(raw, layout), width, height };
}

/**
 * PNG or JPEG → gray: 16 bits stay 16 bits, colours become Pillow's `convert("L")`, alpha is dropped.
 *
 * @throws {SensebindError} `INPUT_UNSUPPORTED`, `INPUT_INVALID`, `INPUT_TOO_LARGE`.
 */
export async function decodeGray(bytes: Uint8Array): Promise<GrayPicture> {
  const { raw, layout, width, height } = await decode(bytes);
  if (layout.colour) return { bitDepth: 8, values: luma(toRgb(raw, layout)), width, height };
  if (layout.bytes === 2) return { bitDepth: 16, values: firstWords(raw, layout), width, height };
  return { bitDepth: 8, values: firstBytes(raw, layout), width, height };
}

/**
 * A PNG of whole sensor steps: depth, or radiometric thermal.
 *
 * @throws {SensebindError} `INPUT_INVALID` for any other picture; as {@link decodeGray}.
 */
export async function decodeGray16(bytes: Uint8Array): Promise<Size & { readonly values: Uint16Array }> {
  const picture = await decodeGray(bytes);
  if (picture.bitDepth === 16) return picture;
  throw new SensebindError(
    'INPUT_INVALID',
    'Expected a 16-bit gray PNG, found colours or 8 bits a pixel',
    'Save the raw sensor values as a PNG with one 16-bit channel.',
  );
}

/** How the decoder lays out one pixel: values of `bytes` bytes, native byte order, alpha last. */
interface Layout {
  readonly channels: number;
  readonly bytes: 1 | 2;
  readonly colour: boolean;
}

/** By the decoder's numbers of them (its type JsColorType, of which nothing is left at run time). */
const LAYOUTS: ReadonlyMap<number, Layout> = new Map([
  [0, { channels: 1, bytes: 1, colour: false }],
  [1, { channels: 2, bytes: 1, colour: false }],
  [2, { channels: 3, bytes: 1, colour: true }],
  [3, { channels: 4, bytes: 1, colour: true }],
  [4, { channels: 1, bytes: 2, colour: false }],
  [5, { channels: 2, bytes: 2, colour: false }],
  [6, { channels: 3, bytes: 2, colour: true }],
  [7, { channels: 4, bytes: 2, colour: true }],
]);

interface Decoded extends Size {
  readonly raw: Uint8Array;
  readonly layout: Layout;
}

/** The claimed size is checked before the decoder sees the file. */
async function decode(bytes: Uint8Array): Promise<Decoded> {
  if (bytes.length > MAX_FILE_BYTES) {
    throw new SensebindError(
      'INPUT_TOO_LARGE',
      `Expected a picture file of at most ${MAX_FILE_BYTES} bytes, found ${bytes.length}`,
      'Scale the picture down first.',
    );
  }
  // The decoder reads while others may write shared memory: what was checked must be what is decoded.
  const file = bytes.buffer instanceof SharedArrayBuffer ? new Uint8Array(bytes) : bytes;
  const size = pictureSize(file);
  checkSize({ name: 'a picture file', ...size, maxPixels: MAX_PHOTO_PIXELS });
  const { metadata, raw } = await runDecoder(file);
  const layout = LAYOUTS.get(metadata.colorType);
  if (!layout) {
    throw new SensebindError(
      'INPUT_UNSUPPORTED',
      `Expected a picture of 8 or 16 bits a channel, found its kind ${metadata.colorType} of pixels`,
      'Save the picture with 8 bits a channel.',
    );
  }
  const expected = size.width * size.height * layout.channels * layout.bytes;
  if (metadata.width !== size.width || metadata.height !== size.height || raw.length !== expected) {
    throw brokenPicture(
      `${metadata.width} × ${metadata.height} pixels behind a header of ${size.width} × ${size.height}`,
    );
  }
  return { raw, layout, ...size };
}

/** The decoder is native: who decodes no pictures never loads it. @throws {SensebindError} `MODULE_MISSING` */
async function loadDecoder(): Promise<typeof import('@napi-rs/image')> {
  try {
    return (await import('@napi-rs/image')).default;
  } catch (error) {
    throw moduleMissing('@napi-rs/image', 'decodes pictures', error);
  }
}

/** It runs on a thread of libuv's pool. */
async function runDecoder(file: Uint8Array): Promise<{ readonly metadata: Metadata; readonly raw: Uint8Array }> {
  const { Transformer } = await loadDecoder();
  try {
    const decoder = new Transformer(file);
    const metadata = await decoder.metadata();
    const { buffer, byteOffset, length } = await decoder.rawPixels();
    return { metadata, raw: new Uint8Array(buffer, byteOffset, length) };
  } catch (error) {
    throw brokenPicture(`one that cannot be decoded: ${messageOf(error)}`, { cause: error });
  }
}

/** Where the upper byte of a 16-bit value stands. */
const UPPER_BYTE = endianness() === 'LE' ? 1 : 0;

function toRgb(raw: Uint8Array, { channels, bytes, colour }: Layout): Uint8Array {
  if (channels === 3 && bytes === 1) return raw;
  const step = channels * bytes;
  const green = colour ? bytes : 0;
  const rgb = new Uint8Array((raw.length / step) * 3);
  let to = 0;
  for (let at = bytes === 2 ? UPPER_BYTE : 0; at < raw.length; at += step) {
    rgb[to] = raw[at] ?? 0;
    rgb[to + 1] = raw[at + green] ?? 0;
    rgb[to + 2] = raw[at + 2 * green] ?? 0;
    to += 3;
  }
  return rgb;
}

/** ITU-R 601 weights in 16-bit fixed point, as Pillow. */
function luma(rgb: Uint8Array): Uint8Array {
  const gray = new Uint8Array(rgb.length / 3);
  let at = 0;
  for (let index = 0; index < gray.length; index++) {
    const sum = (rgb[at] ?? 0) * 19595 + (rgb[at + 1] ?? 0) * 38470 + (rgb[at + 2] ?? 0) * 7471;
    gray[index] = (sum + 0x8000) >> 16;
    at += 3;
  }
  return gray;
}

function firstBytes(raw: Uint8Array, { channels }: Layout): Uint8Array {
  if (channels === 1) return raw;
  const values = new Uint8Array(raw.length / channels);
  for (let index = 0; index < values.length; index++) values[index] = raw[index * channels] ?? 0;
  return values;
}

/** Copied, because the decoder does not promise to align its bytes. */
function firstWords(raw: Uint8Array, { channels }: Layout): Uint16Array {
  const words = new Uint16Array(raw.length / 2);
  new Uint8Array(words.buffer).set(raw);
  if (channels === 1) return words;
  const values = new Uint16Array(words.length / channels);
  for (let index = 0; index < values.length; index++) values[index] = words[index * channels] ?? 0;
  return values;
}
