import { readFile, rename } from 'node:fs/promises';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { messageOf, SensebindError } from '../../errors';
import { writeWholeFile } from '../../wholeFile';
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

/** In a file. What cannot be read is set aside under another name, never deleted. */
export class DiscoveryFile implements DiscoveryStore {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** Nothing where nothing was saved. @throws {SensebindError} `FILE_UNREADABLE` */
  async load(): Promise<KnownPages> {
    try {
      const document = parse(await readFile(this.#file, 'utf8'));
      if (!validator.Check(document)) {
        await rename(this.#file, `${this.#file}.unreadable`);
        return new Map();
      }
      return new Map(Object.entries(document.pages).map(([topic, page]) => [topic, new Map(Object.entries(page))]));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return new Map();
      throw new SensebindError(
        'FILE_UNREADABLE',
        `expected what Home Assistant was told of in ${this.#file}, found: ${messageOf(error)}`,
        'check the permissions of the file and its folder',
        { cause: error },
      );
    }
  }

  /** @throws {SensebindError} `FILE_UNWRITABLE` */
  save(known: KnownPages): Promise<void> {
    const pages = Object.fromEntries([...known].map(([topic, page]) => [topic, Object.fromEntries(page)]));
    return writeWholeFile(this.#file, JSON.stringify({ format: 'sensebind-discovery/1', pages }));
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
