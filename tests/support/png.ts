import { crc32, deflateSync } from 'node:zlib';

/** Colour types of the PNG specification (11.2.1) that the tests write. */
const COLOUR_TYPE = { gray: 0, rgb: 2 } as const;

/**
 * A PNG file as the specification lays it out (third edition, chapters 5, 9 and 11), every row with filter 0.
 *
 * @param picture - `data` holds the rows' bytes as they stand in the file: 16-bit samples big-endian.
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
  const rowBytes = data.length / height;
  const rows = Array.from({ length: height }, (_, row) => [
    Buffer.of(0),
    data.subarray(row * rowBytes, (row + 1) * rowBytes),
  ]).flat();
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** A 16-bit gray PNG of `values`, row-major. */
export function gray16File(
  values: readonly number[],
  size: { readonly width: number; readonly height: number },
): Buffer {
  const data = Buffer.alloc(values.length * 2);
  values.forEach((value, index) => {
    data.writeUInt16BE(value, index * 2);
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
