import { createHash } from 'node:crypto';
import { isSensebindError, messageOf, SensebindError } from '../errors';
import { knownError } from '../knownError';
import type { LabelStore, SavedSet } from './labelFile';
import type { LabelSet } from './labelSet';
import type { LabelSets, Revision } from './labelSets';

export interface LabelBookOptions {
  readonly labelSets: LabelSets;
  /** The configuration's own. */
  readonly configured: readonly LabelSet[];
  /** Left out, changes are forgotten with the process. */
  readonly store?: LabelStore;
  /** What was kept is of no use: the configuration's own is taken. */
  readonly onFailed: (error: SensebindError) => void;
}

/** What became of a change. */
export type LabelChange =
  | { readonly kind: 'changed'; readonly revision: Revision }
  /** Another revision is in use than whoever asked believed. */
  | { readonly kind: 'conflict'; readonly inUse: Revision }
  | { readonly kind: 'unknown' };

export interface ChangeOptions {
  /** Only where this revision is in use. */
  readonly ifRevision?: number | undefined;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * The label sets of a node, changed while it runs, and kept over restarts. The configuration's own is the basis: where it
 * is as it was, what was changed last is in use again; where somebody edited it since, it wins, as the newest revision,
 * and what was changed before can be gone back to.
 */
export class LabelBook {
  readonly #labelSets: LabelSets;
  #configured: ReadonlyMap<string, LabelSet>;
  /** Changes to sets that the configuration does not have at present: it may have them again. */
  #unused: ReadonlyMap<string, SavedSet>;
  readonly #store: LabelStore | undefined;
  readonly #onFailed: (error: SensebindError) => void;
  /** Changes, one after the other, so that nothing comes between the look at a revision and its successor. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor({ labelSets, configured, store, onFailed }: LabelBookOptions, saved: readonly SavedSet[]) {
    this.#labelSets = labelSets;
    this.#configured = byId(configured);
    this.#unused = without(byId(saved), this.#configured);
    this.#store = store;
    this.#onFailed = onFailed;
  }

  /**
   * Puts every label set into use.
   *
   * @throws {SensebindError} `FILE_UNREADABLE`; for the configuration's own what {@link LabelSets.put} throws; the engine's
   * errors that say nothing of the words.
   */
  static async open(options: LabelBookOptions): Promise<LabelBook> {
    const { labelSets, configured, store, onFailed } = options;
    const saved = (await store?.load()) ?? [];
    let areAllUsable = true;
    for (const labelSet of configured) {
      const kept = saved.find(({ id }) => id === labelSet.id);
      if (kept === undefined) await labelSets.put(labelSet);
      else if (!(await isTakenUp(kept, labelSet, options))) areAllUsable = false;
    }
    const book = new LabelBook(options, saved);
    if (!areAllUsable) await book.#keepTheRest().catch((error: unknown) => onFailed(knownError('labels', error)));
    return book;
  }

  /** All in use, in the order of the configuration. */
  current(): readonly Revision[] {
    return this.#labelSets.current();
  }

  get(id: string): Revision | undefined {
    return this.#labelSets.get(id);
  }

  /**
   * Makes the next revision of a set out of the one in use.
   *
   * @throws {SensebindError} what {@link LabelSets.put} throws; `FILE_UNWRITABLE`: then nothing is changed.
   */
  change(id: string, next: (inUse: LabelSet) => LabelSet, options: ChangeOptions = {}): Promise<LabelChange> {
    return this.#inTurn(id, options, async (inUse) => {
      const revision = this.#labelSets.kept(id).highest + 1;
      const changed = { ...next(inUse.labelSet), id, revision };
      const done = await this.#labelSets.put(changed, options.onProgress);
      await this.#save().catch(async (error: unknown) => {
        await this.#labelSets.rollBack(id);
        throw error;
      });
      return done;
    });
  }

  /**
   * Goes back to the revision before.
   *
   * @throws {SensebindError} `STATE_INVALID` where none is kept; `FILE_UNWRITABLE`: then it is in use until a restart.
   */
  rollBack(id: string, options: ChangeOptions = {}): Promise<LabelChange> {
    return this.#inTurn(id, options, async () => {
      const revision = await this.#labelSets.rollBack(id);
      await this.#save();
      return revision;
    });
  }

  /**
   * Goes over to what another configuration says, and calls `then` in the same moment. What is the same in it stays as it
   * was changed while the node ran, also where it was gone for a while; what somebody edited wins, as the newest revision.
   *
   * @throws {SensebindError} what {@link LabelSets.replace} and `then` throw: then nothing is changed.
   */
  replace(
    {
      configured,
      put,
      removed,
    }: {
      readonly configured: readonly LabelSet[];
      readonly put: readonly LabelSet[];
      readonly removed: readonly string[];
    },
    then: () => void,
  ): Promise<void> {
    const done = this.#turn.then(async () => {
      await this.#labelSets.replace({ put: put.map((set) => this.#asChanged(set)), removed }, () => {
        then();
        const known = byId([...this.#unused.values(), ...this.#changes()]);
        this.#configured = byId(configured);
        this.#unused = without(known, this.#configured);
      });
      await this.#save().catch((error: unknown) => this.#onFailed(knownError('labels', error)));
    });
    this.#turn = done.catch(() => undefined);
    return done;
  }

  #inTurn(
    id: string,
    { ifRevision }: ChangeOptions,
    work: (inUse: Revision) => Promise<Revision>,
  ): Promise<LabelChange> {
    const done = this.#turn.then(async (): Promise<LabelChange> => {
      const inUse = this.#labelSets.get(id);
      if (inUse === undefined) return { kind: 'unknown' };
      if (ifRevision !== undefined && inUse.labelSet.revision !== ifRevision) return { kind: 'conflict', inUse };
      return { kind: 'changed', revision: await work(inUse) };
    });
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #keepTheRest(): Promise<void> {
    await this.#store?.setAside();
    await this.#save();
  }

  /** A set of the configuration, as it was changed when the configuration had it last. */
  #asChanged(configured: LabelSet): LabelSet {
    const kept = this.#unused.get(configured.id);
    if (kept === undefined) return configured;
    const last = kept.basis === hashOf(configured) ? kept.revisions.at(-1) : undefined;
    return last === undefined ? editedSince(kept, configured) : { ...last, id: configured.id };
  }

  async #save(): Promise<void> {
    await this.#store?.save([...this.#changes(), ...this.#unused.values()]);
  }

  #changes(): readonly SavedSet[] {
    return [...this.#configured.values()].flatMap((configured): SavedSet[] => {
      const { id } = configured;
      const { revisions, highest } = this.#labelSets.kept(id);
      if (revisions.length === 0) return [];
      return [{ id, basis: hashOf(configured), highest, revisions: revisions.map(({ labelSet }) => labelSet) }];
    });
  }
}

function byId<Item extends { readonly id: string }>(items: readonly Item[]): ReadonlyMap<string, Item> {
  return new Map(items.map((item) => [item.id, item]));
}

function without<Item>(
  items: ReadonlyMap<string, Item>,
  others: ReadonlyMap<string, unknown>,
): ReadonlyMap<string, Item> {
  return new Map([...items].filter(([id]) => !others.has(id)));
}

/** What the configuration says now comes after all that was kept. */
function editedSince({ highest }: SavedSet, configured: LabelSet): LabelSet {
  return { ...configured, revision: Math.max(highest + 1, configured.revision) };
}

/** False where what was kept is of no use, and the configuration's own is in use. */
async function isTakenUp(
  kept: SavedSet,
  configured: LabelSet,
  { labelSets, onFailed }: Pick<LabelBookOptions, 'labelSets' | 'onFailed'>,
): Promise<boolean> {
  const { id } = configured;
  try {
    await labelSets.restore(
      kept.revisions.map((labelSet) => ({ ...labelSet, id })),
      kept.highest,
    );
  } catch (error) {
    if (isPassing(error)) throw error;
    onFailed(unusable(id, error));
    await labelSets.put(configured);
    return false;
  }
  if (kept.basis === hashOf(configured)) return true;
  await labelSets.put(editedSince(kept, configured));
  return true;
}

/** It says nothing of the words: another start may find them as good as ever. */
function isPassing(error: unknown): boolean {
  return PASSING.some((code) => isSensebindError(error, code));
}

const PASSING = ['ENGINE_CLOSED', 'ENGINE_DEGRADED', 'ENGINE_WORKER_EXITED', 'QUEUE_FULL'] as const;

/** The order of keys says nothing. */
function hashOf(labelSet: LabelSet): string {
  const sorted = (_key: string, value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value;
  return createHash('sha256').update(JSON.stringify(labelSet, sorted)).digest('hex').slice(0, 32);
}

function unusable(id: string, error: unknown): SensebindError {
  return new SensebindError(
    'STATE_INVALID',
    `expected the changes to the label set "${id}" that were kept to fit this bundle, found: ${messageOf(error)}`,
    "the configuration's own is in use, and the changes are set aside in the node's state folder",
    { cause: error },
  );
}
