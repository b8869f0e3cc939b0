import Type, { type Static } from '#typebox';
import { Compile } from '#typebox/compile';
import { StateFile } from '../stateFile';
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

/** Label sets in a file. */
export class LabelFile implements LabelStore {
  readonly #file: StateFile<readonly SavedSet[]>;

  /** @param onSetAside - Told where a file is now that is of no use to this version. */
  constructor(file: string, onSetAside?: (file: string) => void) {
    this.#file = new StateFile({ file, what: 'the label sets that were changed', decode, encode, onSetAside });
  }

  /** @throws {SensebindError} `FILE_UNREADABLE` */
  async load(): Promise<readonly SavedSet[]> {
    return (await this.#file.load()) ?? [];
  }

  save(sets: readonly SavedSet[]): Promise<void> {
    return this.#file.save(sets);
  }

  setAside(): Promise<void> {
    return this.#file.setAside();
  }
}

function encode(sets: readonly SavedSet[]): string {
  return JSON.stringify({ format: 'sensebind-labels/1', sets });
}

function decode(text: string): readonly SavedSet[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return validator.Check(value) ? value.sets : undefined;
  } catch {
    return undefined;
  }
}
