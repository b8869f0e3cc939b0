import { type FileHandle, open, stat } from 'node:fs/promises';
import { messageOf, SensebindError } from '../../runtime/errors';
import { corrupt } from './refusals';

/** Bytes that can be read at any position: a file, or a buffer in tests and fuzzing. */
export interface RandomAccess {
  /** In bytes. */
  readonly size: number;
  /**
   * Fills `target` with the bytes from `position` on.
   *
   * @throws {SensebindError} `CHECKPOINT_CORRUPT` when the bytes end before that; `FILE_UNREADABLE` when reading fails.
   */
  readInto(target: Uint8Array, position: number): Promise<void>;
  close(): Promise<void>;
}

/** Below the 2 GiB that the kernel moves in one call, and small enough that closing never waits long for a read. */
const LARGEST_READ_BYTES = 64 * 1024 * 1024;

/**
 * Opens a regular file for reading.
 *
 * @throws {SensebindError} `FILE_UNREADABLE` when there is no such file, it may not be read, or it is no regular file.
 */
export async function openFileAccess(path: string): Promise<RandomAccess> {
  try {
    // Opening a named pipe would wait for a writer, perhaps for ever.
    if (!(await stat(path)).isFile()) throw new Error('it is no regular file');
    const handle = await open(path, 'r');
    return new FileAccess(handle, (await handle.stat()).size);
  } catch (error) {
    throw unreadable(`Expected a readable file at ${path}: ${messageOf(error)}.`, error);
  }
}

/** Bytes in memory as random access; they are not copied. */
export function bytesAccess(bytes: Uint8Array): RandomAccess {
  return {
    size: bytes.length,
    async readInto(target, position) {
      if (position + target.length > bytes.length) throw endsEarly(target.length, position);
      target.set(bytes.subarray(position, position + target.length));
    },
    async close() {},
  };
}

class FileAccess implements RandomAccess {
  readonly size: number;
  readonly #handle: FileHandle;

  constructor(handle: FileHandle, size: number) {
    this.#handle = handle;
    this.size = size;
  }

  async readInto(target: Uint8Array, position: number): Promise<void> {
    if (position + target.length > this.size) throw endsEarly(target.length, position);
    for (let done = 0; done < target.length; ) {
      const bytesRead = await this.#read(target.subarray(done, done + LARGEST_READ_BYTES), position + done);
      if (bytesRead === 0) throw endsEarly(target.length, position);
      done += bytesRead;
    }
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  async #read(target: Uint8Array, position: number): Promise<number> {
    try {
      return (await this.#handle.read(target, 0, target.length, position)).bytesRead;
    } catch (error) {
      throw unreadable(`Reading ${target.length} bytes at position ${position} failed: ${messageOf(error)}.`, error);
    }
  }
}

function endsEarly(byteLength: number, position: number): SensebindError {
  return corrupt(`Expected ${byteLength} bytes at position ${position}; the file ends before that.`);
}

function unreadable(message: string, cause: unknown): SensebindError {
  return new SensebindError('FILE_UNREADABLE', message, 'Check the path, its permissions and the disk.', { cause });
}
