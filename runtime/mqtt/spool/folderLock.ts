import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, SensebindError } from '../../errors';

/** A process as the kernel tells it from all others, also of other starts of the machine. */
interface Identity {
  readonly pid: number;
  /** Clock ticks from the start of the machine to that of the process; `0` where the system does not say. */
  readonly startTicks: string;
  readonly machineStart: string;
}

const NAME = /^lock-([1-9]\d{0,9})-(\d{1,20})-([0-9a-f]{1,32})$/;

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
  { folder, own, cure }: { readonly folder: string; readonly own: Identity; readonly cure: string },
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
async function otherHolder(folder: string, own: Identity): Promise<Identity | undefined> {
  for (const name of await readdir(folder)) {
    const [, pid, startTicks, machineStart] = NAME.exec(name) ?? [];
    if (pid === undefined || startTicks === undefined || machineStart === undefined || name === nameOf(own)) continue;
    const other = { pid: Number(pid), startTicks, machineStart };
    if (machineStart === own.machineStart && (await isAlive(other))) return other;
    await rm(path.join(folder, name), { force: true });
  }
  return undefined;
}

async function isAlive({ pid, startTicks }: Identity): Promise<boolean> {
  const process = await processOf(pid);
  if (process !== undefined) return !process.isDead && process.startTicks === startTicks;
  return answersSignals(pid);
}

/** For systems that hide other processes, or have no /proc: one with this number is there. */
function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

async function ownIdentity(): Promise<Identity> {
  const own = await processOf(process.pid);
  const machineStart = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '0');
  return {
    pid: process.pid,
    startTicks: own?.startTicks ?? '0',
    machineStart: machineStart.replace(/[^0-9a-f]/g, '').slice(0, 32),
  };
}

/** What proc_pid_stat(5) says: `pid (name) state ...`, where the name may hold anything, and the start is the 22nd. */
async function processOf(pid: number): Promise<{ readonly startTicks: string; readonly isDead: boolean } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ') ?? [];
  const [state] = fields;
  const startTicks = fields[19];
  if (state === undefined || startTicks === undefined) return undefined;
  // A zombie has ended, and only its parent has not asked how.
  return { startTicks, isDead: state === 'Z' || state === 'X' };
}

function nameOf({ pid, startTicks, machineStart }: Identity): string {
  return `lock-${pid}-${startTicks}-${machineStart}`;
}

function inUse(folder: string, { pid }: Identity, cure: string): SensebindError {
  return new SensebindError(
    'FOLDER_IN_USE',
    `expected the folder ${folder} for this process alone, found that process ${pid} uses it`,
    cure,
  );
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
