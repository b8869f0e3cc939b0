import { readFile, rename } from 'node:fs/promises';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { messageOf, SensebindError } from '../errors';
import { writeWholeFile } from '../wholeFile';
import { LabelSet } from './labelSet';

const SavedSet = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 64 }),
  basis: Type.String({ minLength: 1, maxLength: 64, description: "Hash of the configuration's own set." }),
  highest: Type.Integer({ minimum: 0 }),
  revisions: Type.Array(LabelSet, { minItems: 1, maxItems: 64, description: 'Oldest first; the last one is in use.' }),
});
/** One label set as it was changed, with what the configuration said at that time. */
export type SavedSet = Static<typeof SavedSet>;

const SavedSets = Type.Object({ format: Type.Literal('sensebind-labels/1'), sets: Type.Array(SavedSet) });
const validator = Compile(SavedSets);

/** Where label sets are kept that were changed while a node ran. */
export interface LabelStore {
  /** What was saved last; nothing where nothing was, or what was cannot be read. */
  load(): Promise<readonly SavedSet[]>;
  /** Durable when it resolves. @throws {SensebindError} `FILE_UNWRITABLE` */
  save(sets: readonly SavedSet[]): Promise<void>;
  /** What was saved last is of no use any more: keeps it under another name. */
  setAside(): Promise<void>;
}

/** Label sets in a file. What cannot be read is set aside under another name, never deleted. */
export class LabelFile implements LabelStore {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** @throws {SensebindError} `FILE_UNREADABLE` */
  async load(): Promise<readonly SavedSet[]> {
    try {
      const sets = decode(await readFile(this.#file, 'utf8'));
      if (sets === undefined) await this.setAside();
      return sets ?? [];
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw new SensebindError(
        'FILE_UNREADABLE',
        `expected the label sets that were changed in ${this.#file}, found: ${messageOf(error)}`,
        'check the permissions of the file and its folder',
        { cause: error },
      );
    }
  }

  save(sets: readonly SavedSet[]): Promise<void> {
    return writeWholeFile(this.#file, JSON.stringify({ format: 'sensebind-labels/1', sets }));
  }

  setAside(): Promise<void> {
    return rename(this.#file, `${this.#file}.unreadable`);
  }
}

function decode(text: string): readonly SavedSet[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return validator.Check(value) ? value.sets : undefined;
  } catch {
    return undefined;
  }
}
