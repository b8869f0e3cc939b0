import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { messageOf, SensebindError } from '../../runtime/errors';

/** Offsets are multiples of this unless told otherwise, so that a runtime can map the file (onnx.proto3, `external_data`). */
const ALIGNMENT_BYTES = 4096;

/** Bytes hashed and written at a time, so that hashing one piece overlaps with writing another. */
const PIECE_BYTES = 2 ** 23;

/** A file that was written whole. */
export interface WrittenFile {
  readonly path: string;
  readonly bytes: number;
  /** Of the content, in hexadecimal. */
  readonly sha256: string;
}

/** Where a piece of content lies in a file. */
export interface Extent {
  readonly offset: number;
  readonly byteLength: number;
}

/**
 * Writes pieces one after the other into a file, hashing on the way. The file appears under its name only when it is
 * whole: until {@link FileWriter.finish} it is called `<name>.partial`.
 */
export class FileWriter {
  readonly #hash: Hash = createHash('sha256');
  readonly #path: string;
  readonly #file: FileHandle;
  #bytes = 0;

  private constructor(target: string, file: FileHandle) {
    this.#path = target;
    this.#file = file;
  }

  /**
   * Starts a file, in the place of what an interrupted run may have left.
   *
   * @throws {SensebindError} `FILE_UNWRITABLE`, and `DISK_FULL`, as every method does.
   */
  static async create(target: string): Promise<FileWriter> {
    const file = await open(partial(target), 'w').catch((error: unknown) => {
      throw unwritable(target, error);
    });
    return new FileWriter(target, file);
  }

  /** Appends bytes at the next offset that is a multiple of `alignmentBytes`. */
  async append(content: Uint8Array, alignmentBytes = ALIGNMENT_BYTES): Promise<Extent> {
    try {
      await this.#write(new Uint8Array((alignmentBytes - (this.#bytes % alignmentBytes)) % alignmentBytes));
      const offset = this.#bytes;
      await this.#write(content);
      return { offset, byteLength: content.byteLength };
    } catch (error) {
      throw unwritable(this.#path, error);
    }
  }

  /** Appends bytes right after what is there. */
  async appendNext(content: Uint8Array): Promise<void> {
    try {
      await this.#write(content);
    } catch (error) {
      throw unwritable(this.#path, error);
    }
  }

  /** Makes the content durable and gives the file its name. */
  async finish(): Promise<WrittenFile> {
    try {
      await this.#file.sync();
      await this.#file.close();
      await rename(partial(this.#path), this.#path);
    } catch (error) {
      throw unwritable(this.#path, error);
    }
    return { path: this.#path, bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }

  /** Removes what was written, unless it is finished. */
  async discard(): Promise<void> {
    await this.#file.close();
    await rm(partial(this.#path), { force: true });
  }

  async #write(content: Uint8Array): Promise<void> {
    for (let start = 0; start < content.length; start += PIECE_BYTES) {
      const piece = content.subarray(start, start + PIECE_BYTES);
      const written = this.#writeAll(piece);
      this.#hash.update(piece);
      await written;
    }
  }

  async #writeAll(piece: Uint8Array): Promise<void> {
    for (let done = 0; done < piece.length; ) {
      const { bytesWritten } = await this.#file.write(piece, done, piece.length - done, this.#bytes);
      done += bytesWritten;
      this.#bytes += bytesWritten;
    }
  }
}

function partial(target: string): string {
  return `${target}.partial`;
}

/** The error codes of a full disk or quota (errno(3)). */
const FULL = ['ENOSPC', 'EDQUOT'];

function unwritable(target: string, cause: unknown): SensebindError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const message = `Expected to write ${target}, found that ${messageOf(cause)}`;
  return FULL.some((full) => full === code)
    ? new SensebindError('DISK_FULL', message, 'Free some space, or choose another folder, and run it again.', {
        cause,
      })
    : new SensebindError('FILE_UNWRITABLE', message, 'Check that the folder exists and may be written to.', { cause });
}
