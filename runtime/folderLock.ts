import { mkdir, open, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, SensebindError } from './errors';
import { formatIdentity, isAlive, ownIdentity, type ProcessIdentity, parseIdentity } from './processIdentity';

const PREFIX = 'lock-';

/**
 * Says that a folder belongs to one process. Each has a file of its own there, named after what the kernel knows of it, and
 * looks for those of others afterwards: of two that come at the same moment one is refused, or both are, and what a killed
 * process left is told from what a living one has. Processes in other containers cannot be seen.
 */
export class FolderLock {
  readonly #file: string;

  private constructor(file: string) {
    this.#file = file;
  }

  /**
   * Takes a folder, which is made where there is none.
   *
   * @param cure - What to do where another process has it.
   * @throws {SensebindError} `FOLDER_IN_USE` where another process has it, or this one already; `FILE_UNWRITABLE`.
   */
  static async take(folder: string, cure = SPOOL_CURE): Promise<FolderLock> {
    const own = await ownIdentity();
    const file = path.join(folder, nameOf(own));
    await create(file, { folder, own, cure });
    const lock = new FolderLock(file);
    try {
      const holder = await otherHolder(folder, own);
      if (holder !== undefined) throw inUse(folder, holder, cure);
      return lock;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  async release(): Promise<void> {
    await rm(this.#file, { force: true });
  }
}

const SPOOL_CURE =
  'stop that process, or give each node an id ("node") and a spool folder of its own in its configuration';

async function create(
  file: string,
  { folder, own, cure }: { readonly folder: string; readonly own: ProcessIdentity; readonly cure: string },
): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await (await open(file, 'wx')).close();
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST') throw inUse(folder, own, cure);
    // A node has to start on a full disk, too: it is not seen by others then.
    if (code === 'ENOSPC' || code === 'EDQUOT') return;
    throw new SensebindError(
      'FILE_UNWRITABLE',
      `expected to write ${file}, found: ${messageOf(error)}`,
      'check the permissions of its folder, and the space on the disk',
      { cause: error },
    );
  }
}

/** A living process that has a folder beside this one. What dead ones left there is removed. */
async function otherHolder(folder: string, own: ProcessIdentity): Promise<ProcessIdentity | undefined> {
  for (const name of await readdir(folder)) {
    const other = name.startsWith(PREFIX) ? parseIdentity(name.slice(PREFIX.length)) : undefined;
    if (other === undefined || name === nameOf(own)) continue;
    if (await isAlive(other, own)) return other;
    await rm(path.join(folder, name), { force: true });
  }
  return undefined;
}

function nameOf(identity: ProcessIdentity): string {
  return `${PREFIX}${formatIdentity(identity)}`;
}

function inUse(folder: string, { pid }: ProcessIdentity, cure: string): SensebindError {
  return new SensebindError(
    'FOLDER_IN_USE',
    `expected the folder ${folder} for this process alone, found that process ${pid} uses it`,
    cure,
  );
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
