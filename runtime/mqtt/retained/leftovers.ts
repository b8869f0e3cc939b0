import { SensebindError } from '../../errors';
import { knownError } from '../../knownError';
import type { BrokerLink } from '../link';
import { retainedOfLabel, retainedOfNode, retainedOfSource, type Topics, topicsOf } from '../topics';
import { MOST_RETAINED, type RetainedStore, type RetainedThing } from './retainedFile';

/** What a node has, by id. */
export interface Holdings {
  readonly sources: readonly string[];
  /** Labels that have a state. */
  readonly labels: readonly string[];
}

export interface LeftoversOptions {
  readonly link: Pick<BrokerLink, 'clear'>;
  readonly base: string;
  readonly node: string;
  /** What it has now. */
  readonly holdings: Holdings;
  /** What was retained by processes before; from the store. */
  readonly known: readonly RetainedThing[];
  /** Left out, only what goes while the node runs is cleared. */
  readonly store: RetainedStore | undefined;
  readonly onFailed: (error: SensebindError) => void;
}

/**
 * Clears at the broker what a node once retained and has no more: labels and sources that were taken out or renamed, also
 * while it was down, and all of it where its base topic is another. A file says what was retained, since a node may not be
 * allowed to read its own topics, and must not take those of others for its own. What the broker has not taken yet
 * is cleared by the next process.
 */
export class Leftovers {
  readonly #options: LeftoversOptions;
  #holdings: Holdings;
  /** What there is, and what is not cleared yet, by key. */
  #known: Map<string, RetainedThing>;
  /** Topics that are being cleared, by key. */
  readonly #leaving = new Map<string, Set<string>>();
  readonly #topics = new Map<string, Topics>();
  #isUnsaved: boolean = false;
  #saving: Promise<void> | undefined;

  constructor(options: LeftoversOptions) {
    this.#options = options;
    this.#holdings = options.holdings;
    this.#known = new Map(options.known.map((thing) => [keyOf(thing), thing]));
    this.#update();
  }

  /** The labels are others from now on. */
  useLabels(labels: readonly string[]): void {
    this.#holdings = { ...this.#holdings, labels };
    this.#update();
  }

  /** The sources are others from now on; those that are gone say nothing more. */
  useSources(sources: readonly string[]): void {
    this.#holdings = { ...this.#holdings, sources };
    this.#update();
  }

  /** Resolves when the file says what is so now. */
  async saved(): Promise<void> {
    await this.#saving;
  }

  #update(): void {
    const { base, node } = this.#options;
    const { sources, labels } = this.#holdings;
    const present = new Map<string, RetainedThing>();
    const add = (kind: RetainedThing['kind'], id: string): void => {
      present.set(keyOf({ base, kind, id }), { base, kind, id });
    };
    add('node', node);
    for (const source of sources) add('source', source);
    for (const label of labels) add('label', label);
    for (const key of present.keys()) this.#leaving.delete(key);
    const gone = [...this.#known].filter(([key]) => !present.has(key));
    for (const [key, thing] of gone) if (!this.#leaving.has(key)) this.#clear(key, thing);
    const isSame =
      present.size + gone.length === this.#known.size && [...present.keys()].every((key) => this.#known.has(key));
    this.#known = new Map([...this.#bounded(gone, MOST_RETAINED - present.size), ...present]);
    if (!isSame) this.#save();
  }

  #clear(key: string, thing: RetainedThing): void {
    const topics = retainedOf(thing, this.#topicsOf(thing.base));
    this.#leaving.set(key, new Set(topics));
    for (const topic of topics) this.#options.link.clear(topic, () => this.#cleared(key, topic));
  }

  #topicsOf(base: string): Topics {
    const topics = this.#topics.get(base) ?? topicsOf({ base, node: this.#options.node });
    this.#topics.set(base, topics);
    return topics;
  }

  #cleared(key: string, topic: string): void {
    const topics = this.#leaving.get(key);
    topics?.delete(topic);
    if (topics?.size !== 0) return;
    this.#leaving.delete(key);
    this.#known.delete(key);
    this.#save();
  }

  /** The newest of what a broker has not let go. */
  #bounded<Thing>(gone: readonly Thing[], room: number): readonly Thing[] {
    if (gone.length <= room) return gone;
    this.#options.onFailed(
      new SensebindError(
        'QUEUE_FULL',
        `expected at most ${MOST_RETAINED} labels and sources at the broker, found more that it has not let go`,
        'connect the node to its broker; what it cannot remember has to be cleared there by hand',
      ),
    );
    return gone.slice(gone.length - Math.max(0, room));
  }

  #save(): void {
    this.#isUnsaved = true;
    this.#saving ??= this.#write().finally(() => {
      this.#saving = undefined;
    });
  }

  async #write(): Promise<void> {
    const { store, onFailed } = this.#options;
    // What changes while a file is written is in the next one.
    for (; this.#isUnsaved; ) {
      this.#isUnsaved = false;
      await store?.save([...this.#known.values()]).catch((error: unknown) => onFailed(knownError('retained', error)));
    }
  }
}

function keyOf({ base, kind, id }: RetainedThing): string {
  return `${base} ${kind} ${id}`;
}

function retainedOf({ kind, id }: RetainedThing, topics: Topics): readonly string[] {
  switch (kind) {
    case 'node':
      return retainedOfNode(topics);
    case 'source':
      return retainedOfSource(topics.source(id));
    case 'label':
      return retainedOfLabel(topics.label(id));
  }
}
