import { crc32, deflateSync } from 'node:zlib';

/** Colour types of the PNG specification (11.2.1) that the tests write. */
const COLOUR_TYPE = { gray: 0, rgb: 2 } as const;

/**
 * A PNG file as the specification lays it out (third edition, chapters 5, 9 and 11).
 *
 * @param picture - `data` is what gets compressed, whatever it is: rows with their filter bytes in a sound file.
 */
export function pngFile(picture: {
  readonly width: number;
  readonly height: number;
  readonly bitDepth: 8 | 16;
  readonly colour: keyof typeof COLOUR_TYPE;
  readonly data: Uint8Array;
}): Buffer {
  const { width, height, bitDepth, colour, data } = picture;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([bitDepth, COLOUR_TYPE[colour], 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(data)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** A 16-bit gray PNG of `values`, row-major, every row with filter 0. */
export function gray16File(
  values: readonly number[],
  size: { readonly width: number; readonly height: number },
): Buffer {
  const rowBytes = 1 + 2 * size.width;
  const data = Buffer.alloc(size.height * rowBytes);
  values.forEach((value, index) => {
    const row = Math.floor(index / size.width);
    data.writeUInt16BE(value, row * rowBytes + 1 + 2 * (index % size.width));
  });
  return pngFile({ ...size, bitDepth: 16, colour: 'gray', data });
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}
