import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import Type, { type Static } from '#typebox';
import { Compile } from '#typebox/compile';
import { messageOf } from '../../runtime/errors';

/** What tells, without reading it, that a file is the one that was hashed. Times and inodes exceed 53 bits: decimal text. */
const Stamp = Type.Object({
  sha256: Type.String(),
  bytes: Type.String(),
  modifiedNanos: Type.String(),
  inode: Type.String(),
});
type Stamp = Static<typeof Stamp>;

const Record = Type.Object({
  format: Type.Literal('sensebind-installation/1'),
  files: Type.Record(Type.String(), Stamp),
});
const recordValidator = Compile(Record);

/** Where the records of checked bundles are kept. */
export function defaultStateDirectory(): string {
  return path.join(sensebindStateDirectory(), 'bundles');
}

/** Where all of this package's state is kept: `XDG_STATE_HOME` (XDG Base Directory Specification), else its default. */
export function sensebindStateDirectory(): string {
  const stateHome = process.env['XDG_STATE_HOME'];
  const base = stateHome && path.isAbsolute(stateHome) ? stateHome : path.join(os.homedir(), '.local', 'state');
  return path.join(base, 'sensebind');
}

/** Where what a person downloads or makes is kept unless they say otherwise: `XDG_DATA_HOME`, else its default. */
export function sensebindDataDirectory(): string {
  const dataHome = process.env['XDG_DATA_HOME'];
  const base = dataHome && path.isAbsolute(dataHome) ? dataHome : path.join(os.homedir(), '.local', 'share');
  return path.join(base, 'sensebind');
}

/** What was hashed in full at one place, so that later starts need not read gigabytes. */
export class Installation {
  readonly #file: string;
  readonly #known: ReadonlyMap<string, Stamp>;
  readonly #next = new Map<string, Stamp>();

  private constructor(file: string, known: ReadonlyMap<string, Stamp>) {
    this.#file = file;
    this.#known = known;
  }

  /**
   * The record of the bundle at `directory` (a real path). One that cannot be read counts as none: everything is
   * hashed again.
   */
  static async read(directory: string, stateDirectory: string): Promise<Installation> {
    const name = createHash('sha256').update(directory).digest('hex').slice(0, 32);
    const file = path.join(stateDirectory, `${name}.json`);
    const value: unknown = await readFile(file, 'utf8')
      .then(JSON.parse)
      .catch(() => undefined);
    const files = recordValidator.Check(value) ? Object.entries(value.files) : [];
    return new Installation(file, new Map(files));
  }

  /** True when the file's content was hashed before and neither size, time nor inode changed since. */
  async vouchesFor(file: string, sha256: string): Promise<boolean> {
    const known = this.#known.get(file);
    if (known === undefined || known.sha256 !== sha256) return false;
    const now = await stampOf(file, sha256);
    const same = now.bytes === known.bytes && now.modifiedNanos === known.modifiedNanos && now.inode === known.inode;
    if (same) this.#next.set(file, known);
    return same;
  }

  /** Remembers a file whose hash was found right. `before` is its stamp from before it was read. */
  remember(file: string, before: Stamp): void {
    this.#next.set(file, before);
  }

  /** Writes the record if it changed. Returns why it could not, in words, or nothing. */
  async save(): Promise<string | undefined> {
    const record = { format: 'sensebind-installation/1', files: Object.fromEntries(this.#next) };
    if ([...this.#next].every(([file, stamp]) => this.#known.get(file) === stamp)) return undefined;
    const temporary = `${this.#file}.${randomUUID()}.tmp`;
    try {
      await mkdir(path.dirname(this.#file), { recursive: true });
      await writeFile(temporary, JSON.stringify(record), { flush: true });
      await rename(temporary, this.#file);
      return undefined;
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      return `The check of this bundle could not be recorded, so it is repeated at each start: ${messageOf(error)}`;
    }
  }
}

/** The stamp of a file as it is now. */
export async function stampOf(file: string, sha256: string): Promise<Stamp> {
  const { size, mtimeNs, ino } = await stat(file, { bigint: true });
  return { sha256, bytes: String(size), modifiedNanos: String(mtimeNs), inode: String(ino) };
}
