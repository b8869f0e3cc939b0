import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, realpath, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import Type from '#typebox';
import { Compile } from '#typebox/compile';
import { messageOf, SensebindError } from '../../runtime/errors';
import { MANIFEST_FILE } from './location';

/** Marks a folder as ours, and tells whose: only such a folder is ever removed. */
const MARKER_FILE = '.sensebind-conversion.json';
const Marker = Type.Object({ format: Type.Literal('sensebind-conversion/1'), process: Type.Integer() });
const markerValidator = Compile(Marker);

/** Folders being written by this process: those of a process id that came round again are not among them. */
const ours = new Set<string>();

/** What to do with a bundle that is already there. */
export type Overwrite = 'refuse' | 'replace';

/**
 * A folder beside the final one, in which a bundle grows; it takes its final name when it is whole (design.md rule 7).
 */
export class Workspace {
  readonly directory: string;
  readonly #target: string;
  readonly #overwrite: Overwrite;

  private constructor(target: string, overwrite: Overwrite) {
    this.#target = target;
    this.#overwrite = overwrite;
    this.directory = siblingOf(target, 'new');
  }

  /**
   * Removes what interrupted runs left beside `outputDirectory`, checks that the output may be written, and makes the
   * folder to write in.
   *
   * @throws {SensebindError} `OUTPUT_EXISTS`; `DISK_FULL` when the disk has not `bytesNeeded`; `FILE_UNWRITABLE` when the
   * place cannot be written.
   */
  static async create(
    outputDirectory: string,
    { overwrite, bytesNeeded }: { readonly overwrite: Overwrite; readonly bytesNeeded: number },
  ): Promise<Workspace> {
    try {
      const parent = path.dirname(path.resolve(outputDirectory));
      await mkdir(parent, { recursive: true });
      const target = path.join(await realpath(parent), path.basename(path.resolve(outputDirectory)));
      await removeLeftovers(target);
      await requireReplaceable(target, overwrite);
      await requireSpace(path.dirname(target), bytesNeeded);
      const workspace = new Workspace(target, overwrite);
      await mkdir(workspace.directory);
      ours.add(workspace.directory);
      const marker = { format: 'sensebind-conversion/1', process: process.pid };
      await writeFile(path.join(workspace.directory, MARKER_FILE), JSON.stringify(marker), { flush: true });
      return workspace;
    } catch (error) {
      throw systemFailure(error, outputDirectory);
    }
  }

  /** Makes every file durable, then gives the folder its name. Returns the final path. */
  async commit(): Promise<string> {
    try {
      for (const file of await readdir(this.directory)) await sync(path.join(this.directory, file));
      await sync(this.directory);
      await requireReplaceable(this.#target, this.#overwrite);
      await this.#takeName();
      await rm(path.join(this.#target, MARKER_FILE));
      await sync(path.dirname(this.#target));
      return this.#target;
    } catch (error) {
      throw systemFailure(error, this.#target);
    } finally {
      ours.delete(this.directory);
    }
  }

  /** Removes the folder and what is in it. */
  async discard(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
    ours.delete(this.directory);
  }

  async #takeName(): Promise<void> {
    if (await isFree(this.#target)) return rename(this.directory, this.#target);
    const replaced = siblingOf(this.#target, 'old');
    await rename(this.#target, replaced);
    try {
      await rename(this.directory, this.#target);
    } catch (error) {
      await rename(replaced, this.#target);
      throw error;
    }
    await rm(replaced, { recursive: true });
  }
}

/** Checks that a file system has room. @throws {SensebindError} `DISK_FULL` */
export async function requireSpace(directory: string, bytesNeeded: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  const free = bavail * bsize;
  if (free < bytesNeeded) throw diskFull(directory, `expected ${bytesNeeded} bytes, found ${free}`);
}

/** Any failure of the file system, as an error of ours. */
export function systemFailure(error: unknown, place: string): unknown {
  if (error instanceof SensebindError || !(error instanceof Error && 'code' in error && 'syscall' in error))
    return error;
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') return diskFull(place, messageOf(error));
  return new SensebindError(
    'FILE_UNWRITABLE',
    `Expected to write ${place}, found: ${messageOf(error)}`,
    'Check the path and its permissions.',
    { cause: error },
  );
}

/** `/data/.bundle.sensebind-new-…` for `/data/bundle`: on the same file system, so that renaming is one step. */
function siblingOf(target: string, state: 'new' | 'old'): string {
  return path.join(path.dirname(target), `${prefixOf(target, state)}${process.pid}-${randomUUID()}`);
}

function prefixOf(target: string, state: 'new' | 'old'): string {
  return `.${path.basename(target)}.sensebind-${state}-`;
}

async function removeLeftovers(target: string): Promise<void> {
  const parent = path.dirname(target);
  for (const name of await readdir(parent)) {
    const folder = path.join(parent, name);
    if (name.startsWith(prefixOf(target, 'new')) && (await isAbandoned(folder))) await rm(folder, { recursive: true });
    if (name.startsWith(prefixOf(target, 'old')) && (await isBundle(folder))) await putBack(folder, target);
  }
}

/** A replaced bundle whose run died between two renames: it is still the good one when nothing took its place. */
async function putBack(replaced: string, target: string): Promise<void> {
  if (await exists(target)) await rm(replaced, { recursive: true });
  else await rename(replaced, target);
}

async function isAbandoned(folder: string): Promise<boolean> {
  if (ours.has(folder)) return false;
  const owner = await ownerOf(folder);
  return owner !== undefined && (owner === process.pid || !isRunning(owner));
}

/** The process that wrote the marker; where it was killed before that, the one in the folder's name. */
async function ownerOf(folder: string): Promise<number | undefined> {
  const marker = await readJson(path.join(folder, MARKER_FILE));
  if (markerValidator.Check(marker)) return marker.process;
  const [, pid] = /-new-(\d+)-[0-9a-f-]{36}$/.exec(folder) ?? [];
  return pid === undefined ? undefined : Number(pid);
}

/** Signal 0 only asks; EPERM means that it runs, as somebody else. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** @throws {SensebindError} `OUTPUT_EXISTS` for anything that may not be replaced. */
export async function requireReplaceable(target: string, overwrite: Overwrite): Promise<void> {
  if (await isFree(target)) return;
  if (overwrite === 'replace' && (await isBundle(target))) return;
  const found = (await isBundle(target)) ? 'a bundle' : 'something that is no bundle';
  throw new SensebindError(
    'OUTPUT_EXISTS',
    `Expected nothing at ${target}, found ${found}`,
    overwrite === 'refuse' ? 'Choose another folder, or replace a bundle with --force.' : 'Choose another folder.',
  );
}

/** Nothing, or an empty folder, which renaming replaces. */
async function isFree(target: string): Promise<boolean> {
  if (!(await exists(target))) return true;
  const names = await readdir(target).catch(() => undefined);
  return names?.length === 0;
}

async function isBundle(folder: string): Promise<boolean> {
  const manifest = await readJson(path.join(folder, MANIFEST_FILE));
  return typeof manifest === 'object' && manifest !== null && 'format' in manifest && 'encoders' in manifest;
}

async function readJson(file: string): Promise<unknown> {
  return readFile(file, 'utf8')
    .then(JSON.parse)
    .catch(() => undefined);
}

async function exists(target: string): Promise<boolean> {
  return stat(target).then(
    () => true,
    () => false,
  );
}

async function sync(place: string): Promise<void> {
  const handle = await open(place, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function diskFull(place: string, found: string): SensebindError {
  return new SensebindError(
    'DISK_FULL',
    `Expected room on the disk of ${place}, found too little: ${found}`,
    'Free some space, choose another disk, convert fewer modalities, or use --precision fp16.',
  );
}
