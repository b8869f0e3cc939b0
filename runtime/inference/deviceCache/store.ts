import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from '../../errors';
import { type Entry, MODEL_FILE, problemOf, readEntry, syncFolder } from './entry';
import { type CacheKey, nameOf } from './key';
import { measureFolder, removeLeftovers, unfinishedIn } from './unfinished';
import { isUsed, markUse } from './users';

/** A copy as it is listed. */
export interface CopyListing {
  readonly name: string;
  /** What it is a copy of. */
  readonly title: string;
  readonly bytes: number;
  /** When it was last opened, microseconds since the epoch. */
  readonly usedMicros: number;
  readonly isInUse: boolean;
}

/** What came of looking for a copy. */
export type Found =
  | { readonly kind: 'held'; readonly modelPath: string; readonly release: () => Promise<void> }
  /** There is none that can be used: one could be made. */
  | { readonly kind: 'absent'; readonly reason: string }
  /** The folder is of no use. */
  | { readonly kind: 'unusable'; readonly reason: string };

const COPY_NAME = /^[0-9a-f]{32}$/;
/** Copies on their way out: away from their names first, for removing gigabytes takes a while. */
const LEAVING_NAME = /^leaving-/;
/** Where copies are written. */
const BUILDING = 'building';

/** The folder of all copies. Each has a folder of its own, named after its key, that is whole or absent. */
export class CopyStore {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  get buildingFolder(): string {
    return path.join(this.folder, BUILDING);
  }

  /**
   * Makes the folder. @returns Nothing, or why copies in it cannot be trusted or kept: whoever may write it decides what
   * numbers encoders give.
   */
  async prepare(): Promise<string | undefined> {
    try {
      await mkdir(this.buildingFolder, { recursive: true, mode: 0o700 });
      const probe = path.join(this.folder, `leaving-${randomUUID()}`);
      await mkdir(probe);
      await rm(probe, { recursive: true, force: true });
      const { uid, mode } = await stat(this.folder);
      if (process.getuid !== undefined && uid !== process.getuid()) return `${this.folder} belongs to another user`;
      return (mode & 0o022) === 0 ? undefined : `others than its owner may write ${this.folder}`;
    } catch (error) {
      return `${this.folder} cannot be written: ${messageOf(error)}`;
    }
  }

  /** Looks for a copy, and keeps it from being removed until it is released. One that is not as it was written is removed. */
  async hold(key: CacheKey): Promise<Found> {
    const refusal = await this.prepare();
    if (refusal !== undefined) return { kind: 'unusable', reason: refusal };
    const folder = this.#at(key);
    if (!(await isFolder(folder))) return { kind: 'absent', reason: 'there is no copy yet' };
    const release = await markUse(folder).catch(() => undefined);
    if (release === undefined) return { kind: 'absent', reason: 'the copy is being removed' };
    const problem = await problemOf(folder, key);
    if (problem === undefined) return { kind: 'held', modelPath: path.join(folder, MODEL_FILE), release };
    await this.remove(path.basename(folder));
    return { kind: 'absent', reason: `the copy was removed: ${problem}` };
  }

  /** Removes a copy that turned out to be of no use. */
  async drop(key: CacheKey): Promise<void> {
    await this.remove(nameOf(key));
  }

  /** Removes a copy by the name it is listed under. Who has it open keeps what is mapped. */
  async remove(name: string): Promise<void> {
    const leaving = path.join(this.folder, `leaving-${randomUUID()}`);
    const isThere = await rename(path.join(this.folder, name), leaving).then(
      () => true,
      () => false,
    );
    if (isThere) await rm(leaving, { recursive: true, force: true });
  }

  /** What was written down of a copy; nothing where it cannot be read. */
  entryOf(name: string): Promise<Entry | undefined> {
    return readEntry(path.join(this.folder, name));
  }

  /** Gives a written copy its name. One that is there already gives way: it was not held, so it is of no use. */
  async publish(written: string, key: CacheKey): Promise<void> {
    await this.remove(nameOf(key));
    await rename(written, this.#at(key));
    await syncFolder(this.folder);
  }

  /** All copies, the one that was not used for longest first. */
  async list(): Promise<readonly CopyListing[]> {
    const names = (await readdir(this.folder).catch((): string[] => [])).filter((name) => COPY_NAME.test(name));
    const listings = await Promise.all(names.map((name) => this.#describe(name)));
    return listings.flatMap((listing) => listing ?? []).sort((a, b) => a.usedMicros - b.usedMicros);
  }

  /** SHA-256 of every encoder that has a copy of some kind, be it one for another runtime. */
  async encoders(): Promise<ReadonlySet<string>> {
    const entries = await Promise.all((await this.list()).map(({ name }) => this.entryOf(name)));
    return new Set(entries.flatMap((entry) => entry?.key.encoder ?? []));
  }

  /** Bytes of what is no copy: being written, or left by killed processes that wrote or removed one. */
  async unfinishedBytes(): Promise<number> {
    const unfinished = await unfinishedIn(this.buildingFolder);
    const leaving = await Promise.all((await this.#leaving()).map(measureFolder));
    return [...unfinished, ...leaving].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /**
   * Removes what killed processes left, then copies that nobody uses, the longest unused first, until all take at most
   * `bytes`; returns what all in the folder takes then.
   */
  async shrinkTo(bytes: number): Promise<number> {
    await this.sweep();
    const listings = await this.list();
    let total = listings.reduce((sum, listing) => sum + listing.bytes, await this.unfinishedBytes());
    for (const { name, bytes: freed, isInUse } of listings) {
      if (total <= bytes) break;
      if (isInUse) continue;
      await this.remove(name);
      total -= freed;
    }
    return total;
  }

  /** Removes what killed processes left half written or half removed. */
  async sweep(): Promise<void> {
    for (const folder of await this.#leaving()) await rm(folder, { recursive: true, force: true });
    await removeLeftovers(this.buildingFolder);
  }

  /** Bytes that the disk of the folder has free for this user. */
  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.folder);
    return bavail * bsize;
  }

  async #leaving(): Promise<readonly string[]> {
    const names = await readdir(this.folder).catch((): string[] => []);
    return names.filter((name) => LEAVING_NAME.test(name)).map((name) => path.join(this.folder, name));
  }

  #at(key: CacheKey): string {
    return path.join(this.folder, nameOf(key));
  }

  async #describe(name: string): Promise<CopyListing | undefined> {
    const folder = path.join(this.folder, name);
    try {
      const isInUse = await isUsed(folder);
      const files = await readdir(folder);
      const sizes = await Promise.all(files.map(async (file) => (await stat(path.join(folder, file))).size));
      const { mtimeMs } = await stat(folder);
      const entry = await this.entryOf(name);
      return {
        name,
        title: entry?.title ?? 'unreadable',
        bytes: sizes.reduce((sum, size) => sum + size, 0),
        usedMicros: Math.round(mtimeMs * 1000),
        isInUse,
      };
    } catch {
      // It went away meanwhile.
      return undefined;
    }
  }
}

async function isFolder(folder: string): Promise<boolean> {
  const found = await stat(folder).catch(() => undefined);
  return found?.isDirectory() === true;
}
