import { mkdir, open, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Clock, Millis, Timer } from './clock';
import { messageOf, SensebindError } from './errors';

/** How often a running node looks whether somebody muted a source. */
const LOOK = 1000 as Millis;

/**
 * Which sources of a node are muted: on disk, so that they stay muted over a restart and can be muted from another
 * process (design.md rule 10). An empty file for each of them: processes that mute at the same instant cannot undo what
 * the others did, as they could with one file for all.
 */
export class Mutes {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #listeners = new Set<() => void>();
  #muted: ReadonlySet<string>;
  #timer: Timer | undefined;
  /** Reads and writes, one after the other: a read that began before a write must not undo it. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(folder: string, clock: Clock, muted: ReadonlySet<string>) {
    this.#folder = folder;
    this.#clock = clock;
    this.#muted = muted;
  }

  /**
   * @throws {SensebindError} `STATE_INVALID` for a folder that cannot be read: better no sound than sound that somebody
   * did not want.
   */
  static async open(folder: string, clock: Clock): Promise<Mutes> {
    return new Mutes(folder, clock, await read(folder));
  }

  isMuted(source: string): boolean {
    return this.#muted.has(source);
  }

  /** Mutes a source, or ends that. Durable when it resolves. @throws {SensebindError} `FILE_UNWRITABLE` */
  async set(source: string, muted: boolean): Promise<void> {
    await this.#inTurn(async () => {
      await write(this.#folder, { source, muted });
      this.#become(await read(this.#folder));
    });
  }

  /** Calls `listener` whenever a source was muted or unmuted, by whatever process. Returns how to end that. */
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
          // What cannot be read just now changes nothing: who was muted stays muted.
          const muted = await read(this.#folder).catch(() => this.#muted);
          if (this.#timer !== timer) return;
          this.#timer = this.#look();
          this.#become(muted);
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

  #become(muted: ReadonlySet<string>): void {
    const isSame = muted.size === this.#muted.size && [...muted].every((source) => this.#muted.has(source));
    this.#muted = muted;
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
      `expected a folder with the names of muted sources at ${folder}, found: ${messageOf(error)}`,
      'delete it when no source is to be muted, then mute again what is to stay muted',
      { cause: error },
    );
  }
}

/** The file is there or not; the folder's fsync makes that last (design.md rule 7). */
async function write(
  folder: string,
  { source, muted }: { readonly source: string; readonly muted: boolean },
): Promise<void> {
  // Ids of sources are checked by the configuration; whoever comes another way must not write elsewhere.
  const file = path.join(folder, path.basename(source));
  try {
    await mkdir(folder, { recursive: true });
    if (muted) await (await open(file, 'w')).close();
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
