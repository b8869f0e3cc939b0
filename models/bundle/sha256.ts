import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** Small enough that hashing one piece keeps the event loop free, large enough for the disk. */
const PIECE_BYTES = 2 ** 19;

/** SHA-256 of a file's content, hexadecimal, read in pieces. `onBytes` gets the length of each. */
export async function sha256OfFile(
  file: string,
  options: { readonly onBytes?: (bytes: number) => void; readonly signal?: AbortSignal } = {},
): Promise<string> {
  const hash = createHash('sha256');
  const stream = createReadStream(file, {
    highWaterMark: PIECE_BYTES,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  for await (const piece of stream) {
    hash.update(piece);
    options.onBytes?.(piece.length);
  }
  return hash.digest('hex');
}
