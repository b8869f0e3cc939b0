import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** Files of sysfs are lines; what is longer is none of them. */
const MOST_CHARACTERS = 256;
/** More entries of a folder are not looked at. */
const MOST_ENTRIES = 256;

/** The line that a file of sysfs holds; nothing where it is missing, may not be read, or is no line. */
export async function readLine(...file: readonly string[]): Promise<string | undefined> {
  const text = await readFile(path.join(...file), 'utf8').catch(() => undefined);
  return text === undefined || text.length > MOST_CHARACTERS ? undefined : text.trim();
}

/** A whole number of 0 or more in a file of sysfs; nothing where there is none. */
export async function readWhole(...file: readonly string[]): Promise<number | undefined> {
  const line = await readLine(...file);
  return line !== undefined && /^\d{1,15}$/.test(line) ? Number(line) : undefined;
}

/** The entries of a folder whose names match, in order; none where it is missing. */
export async function listMatching(folder: string, pattern: RegExp): Promise<readonly string[]> {
  const names = await readdir(folder).catch((): string[] => []);
  return names
    .filter((name) => pattern.test(name))
    .sort()
    .slice(0, MOST_ENTRIES);
}
