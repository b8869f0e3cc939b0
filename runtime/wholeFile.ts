import { mkdir, open, rename } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, SensebindError } from './errors';

/** The last write of each file: a node that ends and the one that takes its place have one temporary name. */
const writing = new Map<string, Promise<void>>();

/**
 * Writes a small file, whole or not at all: temporary name, fsync, rename, fsync of the folder (design.md rule 7). Makes
 * its folder. Within a process, writes of one file follow each other in the order of the calls.
 *
 * @throws {SensebindError} `FILE_UNWRITABLE`.
 */
export async function writeWholeFile(file: string, content: string): Promise<void> {
  const write = (): Promise<void> => writeNow(file, content);
  const mine = writing.get(file)?.then(write, write) ?? write();
  writing.set(file, mine);
  try {
    await mine;
  } finally {
    if (writing.get(file) === mine) writing.delete(file);
  }
}

async function writeNow(file: string, content: string): Promise<void> {
  const temporary = `${file}.${process.pid}.new`;
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await writeDurably(temporary, content);
    await rename(temporary, file);
    const folder = await open(path.dirname(file), 'r');
    await folder.sync().finally(() => folder.close());
  } catch (error) {
    throw new SensebindError(
      'FILE_UNWRITABLE',
      `expected to write ${file}, found: ${messageOf(error)}`,
      'check the permissions of its folder, and the space on the disk',
      { cause: error },
    );
  }
}

async function writeDurably(file: string, content: string): Promise<void> {
  const handle = await open(file, 'w');
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
