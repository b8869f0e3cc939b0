import { access, readFile, rename } from 'node:fs/promises';
import { messageOf, SensebindError } from './errors';
import { writeWholeFile } from './wholeFile';

export interface StateFileOptions<State> {
  readonly file: string;
  /** What is kept in it, for errors. */
  readonly what: string;
  /** `undefined` for a text that this version cannot read. Must not throw. */
  readonly decode: (text: string) => State | undefined;
  readonly encode: (state: State) => string;
  /** Told where a file is now that this version cannot read. */
  readonly onSetAside?: ((file: string) => void) | undefined;
}

/** What a node keeps over a restart, in a small file. What cannot be read is set aside under another name, never deleted. */
export class StateFile<State> {
  readonly #options: StateFileOptions<State>;

  constructor(options: StateFileOptions<State>) {
    this.#options = options;
  }

  /**
   * What was saved last; `undefined` where nothing was, or what was cannot be read.
   *
   * @throws {SensebindError} `FILE_UNREADABLE`
   */
  async load(): Promise<State | undefined> {
    const { file, what, decode } = this.#options;
    try {
      const state = decode(await readFile(file, 'utf8'));
      if (state === undefined) await this.setAside();
      return state;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw new SensebindError(
        'FILE_UNREADABLE',
        `expected ${what} in ${file}, found: ${messageOf(error)}`,
        'check the permissions of the file and its folder',
        { cause: error },
      );
    }
  }

  /** Durable when it resolves. @throws {SensebindError} `FILE_UNWRITABLE` */
  save(state: State): Promise<void> {
    const { file, encode } = this.#options;
    return writeWholeFile(file, encode(state));
  }

  /** Keeps what was saved last under a name that nothing has yet. */
  async setAside(): Promise<void> {
    const { file, onSetAside } = this.#options;
    for (let copy = 0; ; copy++) {
      const target = `${file}.unreadable${copy === 0 ? '' : `.${copy}`}`;
      const isTaken = await access(target).then(
        () => true,
        () => false,
      );
      if (isTaken) continue;
      await rename(file, target);
      onSetAside?.(target);
      return;
    }
  }
}
