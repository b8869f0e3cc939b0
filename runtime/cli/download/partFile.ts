import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import Type, { type Static } from '#typebox';
import { Compile } from '#typebox/compile';
import { messageOf, SensebindError } from '../../errors';
import { FolderLock } from '../../folderLock';
import { machineStart as startOfMachine } from '../../processIdentity';
import { formatBytes } from '../output';
import type { Begun, Resource } from './rangeAnswer';

/** What is known of a part, written each time that what it counts has reached the disk. */
const Progress = Type.Object({
  format: Type.Literal('sensebind-download/1'),
  url: Type.String(),
  totalBytes: Type.Integer({ minimum: 1 }),
  etag: Type.Union([Type.String(), Type.Null()]),
  lastModified: Type.Union([Type.String(), Type.Null()]),
  syncedBytes: Type.Integer({ minimum: 0 }),
  /** Which start of the machine wrote it; empty where the system does not say. */
  machineStart: Type.String(),
});
type Progress = Static<typeof Progress>;
const progressValidator = Compile(Progress);

const CONTENT = 'content';
const PROGRESS = 'progress.json';

/** Lost at most when the machine loses power. */
const SYNC_BYTES = 2 ** 24;
/** Given up of the part where the disk is full, so that the record of the rest can be written. */
const SPARE_BYTES = 2 ** 17;
const PIECE_BYTES = 2 ** 20;

/**
 * What is here of a file, in a folder `NAME.part` beside the place where it will be: the bytes, and what tells how many of
 * them are durable and of which file they are. A killed process loses none; a machine that loses power, what came last. One process at a time has it. The file appears under its name when it is
 * whole (design.md rule 7).
 */
export class PartFile {
  readonly folder: string;
  readonly #target: string;
  readonly #url: string;
  readonly #lock: FolderLock;
  readonly #file: FileHandle;
  #hash: Hash = createHash('sha256');
  #bytes = 0;
  #syncedBytes = 0;
  #resource: Resource | undefined;
  #isOpen: boolean = true;

  private constructor(
    target: string,
    opened: { readonly url: string; readonly lock: FolderLock; readonly file: FileHandle },
  ) {
    this.folder = partFolder(target);
    this.#target = target;
    this.#url = opened.url;
    this.#lock = opened.lock;
    this.#file = opened.file;
  }

  /**
   * Takes what an earlier run has left of this address, or starts with nothing.
   *
   * @throws {SensebindError} `FOLDER_IN_USE` where another process downloads to the same place; `FILE_UNWRITABLE`,
   * `DISK_FULL`, as every method does.
   */
  static async open(
    target: string,
    url: URL,
    options: { readonly onBytes?: (doneBytes: number, totalBytes: number) => void; readonly signal: AbortSignal },
  ): Promise<PartFile> {
    const folder = partFolder(target);
    await mkdir(path.dirname(folder), { recursive: true }).catch((error: unknown) => {
      throw unwritable(target, error);
    });
    const lock = await FolderLock.take(folder, 'Wait for it, or stop that process: its download can be gone on with.');
    try {
      const file = await open(path.join(folder, CONTENT), constants.O_RDWR | constants.O_CREAT).catch(
        (error: unknown) => {
          throw unwritable(target, error);
        },
      );
      // What a server signs into the query changes each time, and makes no other file of it.
      const part = new PartFile(target, { url: `${url.origin}${url.pathname}`, lock, file });
      await part.#resume(options).catch(async (error: unknown) => {
        await file.close();
        throw error;
      });
      return part;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Path of the bytes, while they have no name yet. */
  get content(): string {
    return path.join(this.folder, CONTENT);
  }

  /** What is here, and of what; `undefined` before a server has told anything. */
  get begun(): Begun | undefined {
    return this.#resource === undefined ? undefined : { bytes: this.#bytes, resource: this.#resource };
  }

  get isWhole(): boolean {
    return this.#resource !== undefined && this.#bytes === this.#resource.totalBytes;
  }

  /** Forgets what is here. */
  async startAnew(resource: Resource | undefined): Promise<void> {
    this.#hash = createHash('sha256');
    this.#bytes = 0;
    this.#syncedBytes = 0;
    this.#resource = resource;
    await this.#doing(() => this.#file.truncate(0));
    await this.#record();
  }

  /** @throws {SensebindError} `DISK_FULL` where what is missing has no room. */
  async requireRoom(): Promise<void> {
    const missing = (this.#resource?.totalBytes ?? 0) - this.#bytes;
    const { bavail, bsize } = await this.#doing(() => statfs(this.folder));
    if (bavail * bsize >= missing) return;
    throw diskFull(this.#target, `${formatBytes(missing)} are missing, and ${formatBytes(bavail * bsize)} are free`);
  }

  async append(piece: Uint8Array): Promise<void> {
    await this.#doing(async () => {
      for (let done = 0; done < piece.length; ) {
        const { bytesWritten } = await this.#file.write(piece, done, piece.length - done, this.#bytes + done);
        done += bytesWritten;
      }
    });
    this.#hash.update(piece);
    this.#bytes += piece.length;
    if (this.#bytes - this.#syncedBytes >= SYNC_BYTES) await this.#sync();
  }

  /** SHA-256 of what is here, hexadecimal. */
  sha256(): string {
    return this.#hash.copy().digest('hex');
  }

  /** Gives the file its name, and ends. */
  async commit(): Promise<void> {
    await this.#doing(async () => {
      await this.#file.sync();
      await rename(this.content, this.#target);
      const parent = await open(path.dirname(this.#target));
      await parent.sync().finally(() => parent.close());
    });
    await this.discard();
  }

  /** Ends, and leaves what is here for another run. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    if (this.#bytes === 0) return this.discard();
    this.#isOpen = false;
    try {
      await this.#keep();
    } finally {
      await this.#file.close();
      await this.#lock.release();
    }
  }

  /** Ends, and leaves nothing. */
  async discard(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#file.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #resume({
    onBytes,
    signal,
  }: {
    readonly onBytes?: (doneBytes: number, totalBytes: number) => void;
    readonly signal: AbortSignal;
  }): Promise<void> {
    const progress = await this.#readProgress();
    const { size } = await this.#file.stat();
    if (progress === undefined || progress.url !== this.#url || size < progress.syncedBytes) return this.#clear();
    const { totalBytes, etag, lastModified, syncedBytes, machineStart } = progress;
    const isSameStart = machineStart !== '' && machineStart === (await startOfMachine());
    // What came later may not have reached the disk, and what the kernel has of it ends with the machine.
    const wholeBytes = isSameStart ? Math.min(size, totalBytes) : syncedBytes;
    await this.#doing(() => this.#file.truncate(wholeBytes));
    const piece = Buffer.alloc(PIECE_BYTES);
    while (this.#bytes < wholeBytes) {
      signal.throwIfAborted();
      const { bytesRead } = await this.#file.read(piece, 0, piece.length, this.#bytes);
      if (bytesRead === 0) return this.#clear();
      this.#hash.update(piece.subarray(0, bytesRead));
      this.#bytes += bytesRead;
      onBytes?.(this.#bytes, wholeBytes);
    }
    this.#syncedBytes = syncedBytes;
    this.#resource = { totalBytes, etag, lastModified };
  }

  async #clear(): Promise<void> {
    this.#hash = createHash('sha256');
    this.#bytes = 0;
    await this.#doing(() => this.#file.truncate(0));
  }

  async #readProgress(): Promise<Progress | undefined> {
    const text = await readFile(path.join(this.folder, PROGRESS), 'utf8').catch(() => '{}');
    try {
      const value: unknown = JSON.parse(text);
      return progressValidator.Check(value) && value.syncedBytes <= value.totalBytes ? value : undefined;
    } catch {
      // Left by a machine that lost power: the bytes are loaded again.
      return undefined;
    }
  }

  async #sync(): Promise<void> {
    await this.#doing(() => this.#file.datasync());
    this.#syncedBytes = this.#bytes;
    await this.#record();
  }

  /** {@link #sync}, also where there is no room for it. */
  async #keep(): Promise<void> {
    try {
      await this.#sync();
    } catch (error) {
      if (!(error instanceof SensebindError) || error.code !== 'DISK_FULL') throw error;
      this.#bytes = Math.max(0, this.#bytes - SPARE_BYTES);
      await this.#doing(() => this.#file.truncate(this.#bytes));
      await this.#sync();
    }
  }

  async #record(): Promise<void> {
    if (this.#resource === undefined) return;
    const progress: Progress = {
      format: 'sensebind-download/1',
      url: this.#url,
      ...this.#resource,
      syncedBytes: this.#syncedBytes,
      machineStart: (await startOfMachine()) ?? '',
    };
    const file = path.join(this.folder, PROGRESS);
    await this.#doing(async () => {
      await writeFile(`${file}.new`, JSON.stringify(progress), { flush: true });
      await rename(`${file}.new`, file);
    });
  }

  async #doing<Result>(work: () => Promise<Result>): Promise<Result> {
    return work().catch((error: unknown) => {
      throw unwritable(this.#target, error);
    });
  }
}

/** The folder in which a file grows. */
export function partFolder(target: string): string {
  return `${target}.part`;
}

function diskFull(target: string, found: string, options?: ErrorOptions): SensebindError {
  return new SensebindError(
    'DISK_FULL',
    `Expected room for ${target} on its disk, found too little: ${found}`,
    'Free some space and run the same command again: it goes on where it ended. Or choose another disk with --to.',
    options,
  );
}

function unwritable(target: string, cause: unknown): SensebindError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull(target, messageOf(cause), { cause });
  return new SensebindError(
    'FILE_UNWRITABLE',
    `Expected to write ${target}, found: ${messageOf(cause)}`,
    'Check the path, its permissions and the disk, or choose another place with --to.',
    { cause },
  );
}
