import { mkdir, open, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Clock, Millis, Timer } from './clock';
import { messageOf, SensebindError } from './errors';

/** How often a running node looks whether somebody switched a source off or on. */
const LOOK = 1000 as Millis;

/**
 * Which sources of a node somebody switched off, in one of the ways that there are: muted on the spot, or disabled by a
 * command; each way has a folder. On disk, so that they stay off over a restart and can be switched from another process
 * (design.md rule 10). An empty file for each of them: processes that switch at the same instant cannot undo what the others
 * did, as they could with one file for all.
 */
export class SwitchedOff {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #listeners = new Set<() => void>();
  #off: ReadonlySet<string>;
  #timer: Timer | undefined;
  /** Reads and writes, one after the other: a read that began before a write must not undo it. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(folder: string, clock: Clock, off: ReadonlySet<string>) {
    this.#folder = folder;
    this.#clock = clock;
    this.#off = off;
  }

  /**
   * @throws {SensebindError} `STATE_INVALID` for a folder that cannot be read: better no sound than sound that somebody
   * did not want.
   */
  static async open(folder: string, clock: Clock): Promise<SwitchedOff> {
    return new SwitchedOff(folder, clock, await read(folder));
  }

  isOff(source: string): boolean {
    return this.#off.has(source);
  }

  /** Switches a source off, or ends that. Durable when it resolves. @throws {SensebindError} `FILE_UNWRITABLE` */
  async set(source: string, isOff: boolean): Promise<void> {
    await this.#inTurn(async () => {
      await write(this.#folder, { source, isOff });
      this.#become(await read(this.#folder));
    });
  }

  /** Calls `listener` whenever a source was switched off or on, by whatever process. Returns how to end that. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    this.#timer ??= this.#look();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#timer?.cancel();
      this.#timer = undefined;
    };
  }

  #look(): Timer {
    const timer = this.#clock.setTimer(
      LOOK,
      () => {
        void this.#inTurn(async () => {
          // What cannot be read just now changes nothing: who was off stays off.
          const off = await read(this.#folder).catch(() => this.#off);
          if (this.#timer !== timer) return;
          this.#timer = this.#look();
          this.#become(off);
        });
      },
      { background: true },
    );
    return timer;
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  #become(off: ReadonlySet<string>): void {
    const isSame = off.size === this.#off.size && [...off].every((source) => this.#off.has(source));
    this.#off = off;
    if (!isSame) for (const listener of this.#listeners) listener();
  }
}

async function read(folder: string): Promise<ReadonlySet<string>> {
  try {
    return new Set(await readdir(folder));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return new Set();
    throw new SensebindError(
      'STATE_INVALID',
      `expected a folder with the names of sources that are switched off at ${folder}, found: ${messageOf(error)}`,
      'delete it when no source is to be off, then switch off again what is to stay so',
      { cause: error },
    );
  }
}

/** The file is there or not; the folder's fsync makes that last (design.md rule 7). */
async function write(
  folder: string,
  { source, isOff }: { readonly source: string; readonly isOff: boolean },
): Promise<void> {
  // Ids of sources are checked by the configuration; whoever comes another way must not write elsewhere.
  const file = path.join(folder, path.basename(source));
  try {
    await mkdir(folder, { recursive: true });
    if (isOff) await (await open(file, 'w')).close();
    else await rm(file, { force: true });
    // The folder's own name is to last as well.
    for (const changed of [folder, path.dirname(folder)]) await synced(changed);
  } catch (error) {
    throw new SensebindError(
      'FILE_UNWRITABLE',
      `expected to write ${file}, found: ${messageOf(error)}`,
      'check the permissions of its folder, and the space on the disk',
      { cause: error },
    );
  }
}

async function synced(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}
