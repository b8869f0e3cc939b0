import { crc32 } from 'node:zlib';
import { type ArchiveRecord, readArchive } from './archive';
import { openFileAccess, type RandomAccess } from './randomAccess';
import { corrupt } from './refusals';
import { looksLikeSafetensors } from './safetensors';

/** What the sums in a checkpoint say of its content. */
export interface ContentCheck {
  /** Bytes of tensors that are as they were when they were written. */
  readonly soundBytes: number;
  /** Bytes of tensors that nothing vouches for: of safetensors files, and of archives that were written without sums. */
  readonly unknownBytes: number;
}

const PIECE_BYTES = 2 ** 20;

/**
 * Reads a whole checkpoint and compares it with the CRC-32 that a PyTorch zip holds of each tensor: what a download, a disk
 * or a cable has changed is found, without a hash from elsewhere. Where not one sum fits, the file was written without.
 *
 * @throws {SensebindError} `CHECKPOINT_CORRUPT` for a tensor that was changed; what {@link readArchive} throws.
 */
export async function verifyContent(
  file: string,
  options: { readonly onBytes?: (doneBytes: number, totalBytes: number) => void; readonly signal?: AbortSignal } = {},
): Promise<ContentCheck> {
  const access = await openFileAccess(file);
  try {
    if (await looksLikeSafetensors(access)) return { soundBytes: 0, unknownBytes: access.size };
    const { storages } = await readArchive(access);
    const totalBytes = [...storages.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
    let doneBytes = 0;
    let soundBytes = 0;
    let damaged: string | undefined;
    for (const [key, record] of storages) {
      const isSound = (await sumOf(access, record, options.signal)) === record.crc32;
      doneBytes += record.byteLength;
      options.onBytes?.(doneBytes, totalBytes);
      if (isSound) soundBytes += record.byteLength;
      else damaged ??= key;
    }
    if (damaged !== undefined && soundBytes > 0) {
      throw corrupt(
        `Expected the content of data/${damaged} to have the CRC that the archive holds of it; it has not.`,
      );
    }
    return { soundBytes, unknownBytes: totalBytes - soundBytes };
  } finally {
    await access.close();
  }
}

async function sumOf(
  access: RandomAccess,
  { position, byteLength }: ArchiveRecord,
  signal: AbortSignal | undefined,
): Promise<number> {
  const piece = Buffer.alloc(Math.min(PIECE_BYTES, byteLength));
  let sum = 0;
  for (let done = 0; done < byteLength; done += piece.length) {
    signal?.throwIfAborted();
    const part = piece.subarray(0, byteLength - done);
    await access.readInto(part, position + done);
    sum = crc32(part, sum);
  }
  return sum;
}
