import { readFile } from 'node:fs/promises';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { Clock, Millis, Timer } from './clock';
import { messageOf, SensebindError } from './errors';
import { writeWholeFile } from './wholeFile';

const Muted = Type.Object({
  format: Type.Literal('sensebind-muted/1'),
  sources: Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: 1024 }),
});
const mutedValidator = Compile(Muted);

/** How often a running node looks whether somebody muted a source. */
const LOOK = 1000 as Millis;

/**
 * Which sources of a node are muted: on disk, so that they stay muted over a restart and can be muted from another
 * process (design.md rule 10).
 */
export class Mutes {
  readonly #file: string;
  readonly #clock: Clock;
  readonly #listeners = new Set<() => void>();
  #muted: ReadonlySet<string>;
  #timer: Timer | undefined;
  /** Reads and writes, one after the other: a read that began before a write must not undo it. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(file: string, clock: Clock, muted: ReadonlySet<string>) {
    this.#file = file;
    this.#clock = clock;
    this.#muted = muted;
  }

  /**
   * @throws {SensebindError} `STATE_INVALID` for a file that cannot be read: better no sound than sound that somebody
   * did not want.
   */
  static async open(file: string, clock: Clock): Promise<Mutes> {
    return new Mutes(file, clock, await read(file));
  }

  isMuted(source: string): boolean {
    return this.#muted.has(source);
  }

  /** Mutes a source, or ends that. Durable when it resolves. @throws {SensebindError} `FILE_UNWRITABLE` */
  async set(source: string, muted: boolean): Promise<void> {
    await this.#inTurn(async () => {
      // Another process may have muted one in the meantime.
      const next = new Set(await read(this.#file));
      if (muted) next.add(source);
      else next.delete(source);
      await writeWholeFile(
        this.#file,
        `${JSON.stringify({ format: 'sensebind-muted/1', sources: [...next].sort() })}\n`,
      );
      this.#become(next);
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
          const muted = await read(this.#file).catch(() => this.#muted);
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

async function read(file: string): Promise<ReadonlySet<string>> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw invalid(file, error);
  });
  if (text === undefined) return new Set();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(file, error);
  }
  if (mutedValidator.Check(value)) return new Set(value.sources);
  throw invalid(file, new Error('another format'));
}

function invalid(file: string, cause: unknown): SensebindError {
  return new SensebindError(
    'STATE_INVALID',
    `expected the list of muted sources in ${file}, found: ${messageOf(cause)}`,
    'delete the file when no source is to be muted, then mute again what is to stay muted',
    { cause },
  );
}
