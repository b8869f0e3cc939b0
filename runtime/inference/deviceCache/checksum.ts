import { open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

const BLOCK_BYTES = 2 ** 20;

/**
 * CRC-32 of each MiB of a file. Finds every flipped bit and every damage of up to 32 bits in a row within a block, and any
 * other with a chance of one in four thousand million to miss it. It is three times as fast as SHA-256 on a processor that
 * has instructions for both, and twenty times on one that has none for SHA-256 (Raspberry Pi 4); against one who may write
 * the folder neither would help, for the sums lie beside the files.
 */
export async function checksumsOf(file: string): Promise<readonly number[]> {
  const handle = await open(file, 'r');
  try {
    const block = Buffer.allocUnsafe(BLOCK_BYTES);
    const sums: number[] = [];
    for (;;) {
      const length = await fill(handle, block);
      if (length === 0) return sums;
      sums.push(crc32(block.subarray(0, length)));
    }
  } finally {
    await handle.close();
  }
}

async function fill(handle: Awaited<ReturnType<typeof open>>, block: Buffer): Promise<number> {
  let length = 0;
  while (length < block.length) {
    const { bytesRead } = await handle.read(block, length, block.length - length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return length;
}
