import { access, readFile, rename } from 'node:fs/promises';
import { messageOf, SensebindError } from '../errors';
import { writeWholeFile } from '../wholeFile';
import type { DetectorMemory } from './detector';
import { decodeMemory, encodeMemory } from './memorySchema';

/** The memory of a detector in a file. What cannot be read is set aside under another name, never deleted. */
export class EventFile {
  readonly #file: string;
  readonly #onSetAside: (file: string) => void;

  /** @param onSetAside - Told where a file is now that this version cannot read. */
  constructor(file: string, onSetAside: (file: string) => void = () => undefined) {
    this.#file = file;
    this.#onSetAside = onSetAside;
  }

  /** What was saved last; `undefined` where nothing was. @throws {SensebindError} `FILE_UNREADABLE` */
  async load(): Promise<DetectorMemory | undefined> {
    try {
      const memory = decodeMemory(await readFile(this.#file, 'utf8'));
      if (memory === undefined) this.#onSetAside(await this.#setAside());
      return memory;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw new SensebindError(
        'FILE_UNREADABLE',
        `expected the events that went on in ${this.#file}, found: ${messageOf(error)}`,
        'check the permissions of the file and its folder',
        { cause: error },
      );
    }
  }

  /** Under a name that nothing has yet. */
  async #setAside(): Promise<string> {
    for (let copy = 0; ; copy++) {
      const target = `${this.#file}.unreadable${copy === 0 ? '' : `.${copy}`}`;
      const isTaken = await access(target).then(
        () => true,
        () => false,
      );
      if (isTaken) continue;
      await rename(this.#file, target);
      return target;
    }
  }

  /** @throws {SensebindError} `FILE_UNWRITABLE` */
  save(memory: DetectorMemory): Promise<void> {
    return writeWholeFile(this.#file, encodeMemory(memory));
  }
}
