import Type from '#typebox';
import { Compile } from '#typebox/compile';
import { StateFile } from '../../stateFile';
import { ID_PATTERN, isBaseTopic } from '../topics';

/** Something that a node has topics of that its broker keeps. */
export interface RetainedThing {
  /** Base topic that the node had then. */
  readonly base: string;
  /** `node`: what the node says of itself, whose id is the node's. */
  readonly kind: 'node' | 'source' | 'label';
  readonly id: string;
}

/** Where it is kept what a node has retained. */
export interface RetainedStore {
  load(): Promise<readonly RetainedThing[]>;
  save(things: readonly RetainedThing[]): Promise<void>;
}

/** Ids in the file. More than a node has labels and sources, many times over. */
export const MOST_RETAINED = 20_000;

const Ids = Type.Array(Type.String({ pattern: ID_PATTERN }), { maxItems: MOST_RETAINED });
const validator = Compile(
  Type.Object({
    format: Type.Literal('sensebind-retained/1'),
    trees: Type.Array(Type.Object({ base: Type.String({ maxLength: 1024 }), nodes: Ids, sources: Ids, labels: Ids }), {
      maxItems: MOST_RETAINED,
    }),
  }),
);

/** In a file. */
export class RetainedFile implements RetainedStore {
  readonly #file: StateFile<readonly RetainedThing[]>;

  /** @param onSetAside - Told where a file is now that this version cannot read. */
  constructor(file: string, onSetAside?: (file: string) => void) {
    this.#file = new StateFile({ file, what: 'what the broker keeps of this node', decode, encode, onSetAside });
  }

  /** Nothing where nothing was saved. @throws {SensebindError} `FILE_UNREADABLE` */
  async load(): Promise<readonly RetainedThing[]> {
    return (await this.#file.load()) ?? [];
  }

  /** @throws {SensebindError} `FILE_UNWRITABLE` */
  save(things: readonly RetainedThing[]): Promise<void> {
    return this.#file.save(things);
  }
}

function encode(things: readonly RetainedThing[]): string {
  const trees = [...new Set(things.map(({ base }) => base))].map((base) => {
    const idsOf = (kind: RetainedThing['kind']): string[] =>
      things.filter((thing) => thing.base === base && thing.kind === kind).map(({ id }) => id);
    return { base, nodes: idsOf('node'), sources: idsOf('source'), labels: idsOf('label') };
  });
  return JSON.stringify({ format: 'sensebind-retained/1', trees });
}

function decode(text: string): readonly RetainedThing[] | undefined {
  try {
    const document: unknown = JSON.parse(text);
    if (!validator.Check(document) || !document.trees.every(({ base }) => isBaseTopic(base))) return undefined;
    return document.trees.flatMap(({ base, nodes, sources, labels }) => [
      ...nodes.map((id): RetainedThing => ({ base, kind: 'node', id })),
      ...sources.map((id): RetainedThing => ({ base, kind: 'source', id })),
      ...labels.map((id): RetainedThing => ({ base, kind: 'label', id })),
    ]);
  } catch {
    return undefined;
  }
}
