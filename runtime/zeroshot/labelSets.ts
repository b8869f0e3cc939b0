import type { Embedding } from '../embedding';
import { SensebindError } from '../errors';
import { type CompiledLabelSet, compileLabelSet } from './compileLabelSet';
import { type LabelSet, nameOf } from './labelSet';

export interface LabelSetsOptions {
  readonly embedText: (text: string) => Promise<Embedding>;
  /** Revisions of one label set that are kept to go back to, the one in use among them. */
  readonly keep?: number;
}

/** A label set as it was written, and as vectors. */
export interface Revision {
  readonly labelSet: LabelSet;
  readonly compiled: CompiledLabelSet;
}

interface Shelf {
  /** Oldest first; the last one is in use. */
  revisions: readonly Revision[];
  /** A revision is never used for two contents, also not after going back. */
  highest: number;
}

const DEFAULT_KEEP = 4;

/** 16 MB at 1024 dimensions: the prompts that a change leaves alone are not embedded again. */
const REMEMBERED_PROMPTS = 4096;

/**
 * The label sets in use, by id. A new revision takes the place of the old one at once, between two windows, when all its
 * words are embedded; old ones are kept to go back to.
 */
export class LabelSets {
  readonly #keep: number;
  readonly #prompts: PromptMemory;
  readonly #shelves = new Map<string, Shelf>();
  readonly #listeners: (() => void)[] = [];
  /** Changes, one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor({ embedText, keep = DEFAULT_KEEP }: LabelSetsOptions) {
    this.#keep = keep;
    this.#prompts = new PromptMemory(embedText);
  }

  /** The revision in use. */
  get(id: string): Revision | undefined {
    return this.#shelves.get(id)?.revisions.at(-1);
  }

  /** Called after each change. Must not throw. */
  onChanged(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** All in use. */
  current(): readonly Revision[] {
    return [...this.#shelves.values()].map(({ revisions }) => revisions.at(-1)).filter((found) => found !== undefined);
  }

  /** All that are kept of one, oldest first; the last one is in use. */
  kept(id: string): { readonly revisions: readonly Revision[]; readonly highest: number } {
    return this.#shelves.get(id) ?? { revisions: [], highest: -1 };
  }

  /**
   * Takes up what another process kept, oldest first: the last one is in use.
   *
   * @throws {SensebindError} as {@link put}.
   */
  restore(labelSets: readonly LabelSet[], highest: number): Promise<void> {
    return this.#inTurn(async () => {
      const revisions: Revision[] = [];
      for (const labelSet of labelSets.slice(-this.#keep)) {
        revisions.push({ labelSet, compiled: await compileLabelSet(labelSet, (text) => this.#prompts.embed(text)) });
      }
      const id = revisions.at(-1)?.labelSet.id;
      if (id !== undefined) this.#shelves.set(id, { revisions, highest });
    });
  }

  /**
   * Embeds the words of a label set, then swaps it in. Where this throws, the one in use stays.
   *
   * @param onProgress - So many of its texts are embedded.
   *
   * @throws {SensebindError} `CONFIG_INVALID`, also for a revision that is not above all before; `WORD_UNKNOWN` with near
   * words; what the encoder of text throws.
   */
  put(labelSet: LabelSet, onProgress?: (done: number, total: number) => void): Promise<Revision> {
    return this.#inTurn(async () => {
      this.#requireNewer(labelSet);
      const compiled = await compileLabelSet(labelSet, (text) => this.#prompts.embed(text), onProgress);
      const revision = { labelSet, compiled };
      this.#shelve(revision);
      this.#tell();
      return revision;
    });
  }

  /**
   * Goes back to the revision before, which is in use from now on.
   *
   * @throws {SensebindError} `STATE_INVALID` when none is kept.
   */
  rollBack(id: string): Promise<Revision> {
    return this.#inTurn(async () => {
      const shelf = this.#shelves.get(id);
      const revision = shelf?.revisions.at(-2);
      if (shelf === undefined || revision === undefined) throw nothingBefore(id, this.get(id));
      shelf.revisions = shelf.revisions.slice(0, -1);
      this.#tell();
      return revision;
    });
  }

  /**
   * Puts and removes several label sets in one moment, and calls `then` in it. A revision that was used before counts on
   * from the highest. Where this or `then` throws, all stay as they are.
   *
   * @throws {SensebindError} as {@link put}.
   */
  replace(
    { put, removed }: { readonly put: readonly LabelSet[]; readonly removed: readonly string[] },
    then: () => void,
  ): Promise<readonly Revision[]> {
    return this.#inTurn(async () => {
      const revisions: Revision[] = [];
      for (const wanted of put) {
        const highest = this.#shelves.get(wanted.id)?.highest ?? -1;
        const labelSet = wanted.revision > highest ? wanted : { ...wanted, revision: highest + 1 };
        revisions.push({ labelSet, compiled: await compileLabelSet(labelSet, (text) => this.#prompts.embed(text)) });
      }
      // First, since it may still refuse.
      then();
      for (const revision of revisions) this.#shelve(revision);
      for (const id of removed) this.#takeDown(id);
      this.#tell();
      return revisions;
    });
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  #shelve(revision: Revision): void {
    const { id, revision: highest } = revision.labelSet;
    const before = this.#shelves.get(id)?.revisions ?? [];
    this.#shelves.set(id, { revisions: [...before, revision].slice(-this.#keep), highest });
  }

  /** Its revisions stay used. */
  #takeDown(id: string): void {
    const shelf = this.#shelves.get(id);
    if (shelf !== undefined) shelf.revisions = [];
  }

  #requireNewer(labelSet: LabelSet): void {
    const highest = this.#shelves.get(labelSet.id)?.highest ?? -1;
    if (labelSet.revision > highest) return;
    throw new SensebindError(
      'CONFIG_INVALID',
      `expected a revision of the label set "${labelSet.id}" above ${highest}, found ${labelSet.revision}`,
      'count the revision up with each change',
    );
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

/** Embeddings of prompts that were asked for before; the least recently used go. */
class PromptMemory {
  readonly #embedText: (text: string) => Promise<Embedding>;
  readonly #known = new Map<string, Embedding>();

  constructor(embedText: (text: string) => Promise<Embedding>) {
    this.#embedText = embedText;
  }

  async embed(text: string): Promise<Embedding> {
    const embedding = this.#known.get(text) ?? (await this.#embedText(text));
    this.#known.delete(text);
    this.#known.set(text, embedding);
    if (this.#known.size > REMEMBERED_PROMPTS) {
      const [oldest] = this.#known.keys();
      if (oldest !== undefined) this.#known.delete(oldest);
    }
    return embedding;
  }
}

function nothingBefore(id: string, inUse: Revision | undefined): SensebindError {
  return new SensebindError(
    'STATE_INVALID',
    `expected an older revision of the label set "${id}", found ${inUse === undefined ? 'no such label set' : `only ${nameOf(inUse.labelSet)}`}`,
    'put the label set as it was, with a new revision',
  );
}
