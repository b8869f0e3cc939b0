import Type from '#typebox';
import { Compile } from '#typebox/compile';
import { StateFile } from '../../stateFile';
import type { KnownPages } from './pages';

/** Where it is kept what Home Assistant was told of. */
export interface DiscoveryStore {
  load(): Promise<KnownPages>;
  save(known: KnownPages): Promise<void>;
}

const PlatformName = Type.Enum(['binary_sensor', 'event', 'number', 'sensor', 'text']);
const validator = Compile(
  Type.Object({
    format: Type.Literal('sensebind-discovery/1'),
    pages: Type.Record(Type.String({ maxLength: 1024 }), Type.Record(Type.String({ maxLength: 128 }), PlatformName)),
  }),
);

/** In a file. */
export class DiscoveryFile implements DiscoveryStore {
  readonly #file: StateFile<KnownPages>;

  /** @param onSetAside - Told where a file is now that this version cannot read. */
  constructor(file: string, onSetAside?: (file: string) => void) {
    this.#file = new StateFile({ file, what: 'what Home Assistant was told of', decode, encode, onSetAside });
  }

  /** Nothing where nothing was saved. @throws {SensebindError} `FILE_UNREADABLE` */
  async load(): Promise<KnownPages> {
    return (await this.#file.load()) ?? new Map();
  }

  /** @throws {SensebindError} `FILE_UNWRITABLE` */
  save(known: KnownPages): Promise<void> {
    return this.#file.save(known);
  }
}

function encode(known: KnownPages): string {
  const pages = Object.fromEntries([...known].map(([topic, page]) => [topic, Object.fromEntries(page)]));
  return JSON.stringify({ format: 'sensebind-discovery/1', pages });
}

function decode(text: string): KnownPages | undefined {
  try {
    const document: unknown = JSON.parse(text);
    if (!validator.Check(document)) return undefined;
    return new Map(Object.entries(document.pages).map(([topic, page]) => [topic, new Map(Object.entries(page))]));
  } catch {
    return undefined;
  }
}
