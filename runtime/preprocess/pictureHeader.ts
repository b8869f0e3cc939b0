import { SensebindError } from '../errors';
import type { Size } from './crop';

const PNG_SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
/** Signature, length and type of IHDR, its 13 bytes and their checksum. */
const PNG_HEADER_BYTES = 33;
const PNG_IHDR = 0x49_48_44_52;
const PNG_GRAY = 0;

const JPEG_START = 0xd8;
const JPEG_END = 0xd9;
const JPEG_SCAN = 0xda;
const JPEG_TEMPORARY = 0x01;
/** Huffman tables, JPEG extension and arithmetic conditioning share the range of the frame headers. */
const JPEG_NOT_FRAMES: ReadonlySet<number> = new Set([0xc4, 0xc8, 0xcc]);
/** Baseline, extended sequential and progressive, all Huffman coded. */
const JPEG_DECODABLE: ReadonlySet<number> = new Set([0xc0, 0xc1, 0xc2]);

/**
 * Width and height that a PNG (ISO/IEC 15948, IHDR) or JPEG (ITU-T T.81, frame header) claims, read without decoding,
 * so that a header of gigapixels costs nothing.
 *
 * @throws {SensebindError} `INPUT_UNSUPPORTED` for another format or coding; `INPUT_INVALID` for a broken header, and
 * for a JPEG that ends early, which decoders fill with gray in silence.
 */
export function pictureSize(bytes: Uint8Array): Size {
  if (isPng(bytes)) return pngSize(bytes);
  if (bytes[0] === 0xff && bytes[1] === JPEG_START) return jpegSize(bytes);
  throw new SensebindError(
    'INPUT_UNSUPPORTED',
    'Expected a PNG or JPEG file, found another format',
    'Convert the picture to PNG or JPEG.',
  );
}

/** True for the bytes of a PNG file. */
export function isPng(bytes: Uint8Array): boolean {
  return PNG_SIGNATURE.every((byte, index) => bytes[index] === byte);
}

/** True for a PNG of one channel of 16 bits: raw values of a sensor, and hardly ever a photo. */
export function isGray16Png(bytes: Uint8Array): boolean {
  return isPng(bytes) && bytes.length >= PNG_HEADER_BYTES && bytes[24] === 16 && bytes[25] === PNG_GRAY;
}

function pngSize(bytes: Uint8Array): Size {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < PNG_HEADER_BYTES || view.getUint32(8) !== 13 || view.getUint32(12) !== PNG_IHDR) {
    throw brokenPicture('a PNG without a header');
  }
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

function jpegSize(bytes: Uint8Array): Size {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let size: Size | undefined;
  let at = 2;
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) throw brokenPicture('a JPEG with bytes between its segments');
    const marker = bytes[at + 1] ?? 0;
    if (marker === JPEG_SCAN) return checkScan(bytes, at, size);
    if (marker === 0xff) at += 1;
    else if (isAlone(marker)) at += 2;
    else {
      if (isFrame(marker)) {
        if (size) throw brokenPicture('a JPEG with two frame headers');
        size = frameSize(view, at, marker);
      }
      at += 2 + view.getUint16(at + 2);
    }
  }
  throw brokenPicture('a JPEG that ends before its picture');
}

/** A marker without a length behind it. */
function isAlone(marker: number): boolean {
  return marker === JPEG_TEMPORARY || (marker >= 0xd0 && marker <= JPEG_END);
}

function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && !JPEG_NOT_FRAMES.has(marker);
}

function frameSize(view: DataView, at: number, marker: number): Size {
  if (at + 10 > view.byteLength) throw brokenPicture('a JPEG that ends in its frame header');
  const bits = view.getUint8(at + 4);
  if (!JPEG_DECODABLE.has(marker) || bits !== 8) {
    throw new SensebindError(
      'INPUT_UNSUPPORTED',
      `Expected a baseline or progressive JPEG of 8 bits, found coding ${marker - 0xc0} with ${bits} bits`,
      'Save the picture again as an ordinary JPEG, or as PNG.',
    );
  }
  return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
}

/** Inside coded data 0xFF is always followed by something else, so an end marker behind the scan header is the end. */
function checkScan(bytes: Uint8Array, scan: number, size: Size | undefined): Size {
  if (!size) throw brokenPicture('a JPEG without a frame header');
  for (let at = bytes.length - 2; at > scan; at--) {
    if (bytes[at] === 0xff && bytes[at + 1] === JPEG_END) return size;
  }
  throw brokenPicture('a JPEG that was cut off');
}

/** The error for a file that is a PNG or JPEG by its first bytes, but cannot be read. */
export function brokenPicture(found: string, options?: ErrorOptions): SensebindError {
  return new SensebindError(
    'INPUT_INVALID',
    `Expected a whole PNG or JPEG file, found ${found}`,
    'Save or transfer the picture again.',
    options,
  );
}
