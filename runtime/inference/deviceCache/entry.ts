import { open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import Type, { type Static } from '#typebox';
import { Compile } from '#typebox/compile';
import { messageOf } from '../../errors';
import { FileStamp, stampDifference, stampOf } from '../../fileStamp';
import { machineStart } from '../../processIdentity';
import { checksumsOf } from './checksum';
import { CacheKey, nameOf } from './key';

/** Files of a copy, in its folder. */
export const MODEL_FILE = 'encoder.onnx';
export const WEIGHTS_FILE = 'encoder.data';
const ENTRY_FILE = 'entry.json';
/** Holds the start of the machine in which the copy was last read in full. */
const CHECKED_FILE = 'checked';

const EntryFile = Type.Object({ stamp: FileStamp, checksums: Type.Array(Type.Integer()) });

/** `entry.json` of a copy. */
const Entry = Type.Object({
  format: Type.Literal('sensebind-device-cache/1'),
  key: CacheKey,
  /** What the encoder is called where people read it. */
  title: Type.String(),
  model: EntryFile,
  weights: EntryFile,
});
export type Entry = Static<typeof Entry>;
const entryValidator = Compile(Entry);

/** Writes `entry.json` beside the two files of a new copy, all of it onto the disk; returns their bytes. */
export async function sealEntry(folder: string, { key, title }: Pick<Entry, 'key' | 'title'>): Promise<number> {
  const [model, weights] = [
    await sealFile(path.join(folder, MODEL_FILE)),
    await sealFile(path.join(folder, WEIGHTS_FILE)),
  ];
  const entry: Entry = { format: 'sensebind-device-cache/1', key, title, model, weights };
  await writeFile(path.join(folder, ENTRY_FILE), JSON.stringify(entry), { flush: true });
  await rememberCheck(folder);
  await syncFolder(folder);
  return Number(model.stamp.bytes) + Number(weights.stamp.bytes);
}

/** Makes what was renamed into a folder last. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function sealFile(file: string): Promise<Static<typeof EntryFile>> {
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
  const stamp = await stampOf(file);
  return { stamp, checksums: [...(await checksumsOf(file))] };
}

/** The entry of a folder, or nothing where it has none that can be read. */
export async function readEntry(folder: string): Promise<Entry | undefined> {
  const value: unknown = await readFile(path.join(folder, ENTRY_FILE), 'utf8')
    .then(JSON.parse)
    .catch(() => undefined);
  return entryValidator.Check(value) ? value : undefined;
}

/**
 * Whether a copy may be used; nothing, or why not in words.
 *
 * Size, times and inode are looked at each time, which finds whatever was done to a file through the file system. What the
 * medium itself spoiled shows once it is read anew: so the first use after each start of the machine reads the whole copy,
 * which the encoder would have to do then anyway.
 */
export async function problemOf(folder: string, key: CacheKey): Promise<string | undefined> {
  const entry = await readEntry(folder);
  if (entry === undefined) return 'its description cannot be read';
  if (nameOf(entry.key) !== nameOf(key)) return 'it was made for another encoder, processor or runtime';
  try {
    for (const [name, file] of [
      [MODEL_FILE, entry.model],
      [WEIGHTS_FILE, entry.weights],
    ] as const) {
      const problem = stampDifference(name, file.stamp, await stampOf(path.join(folder, name)));
      if (problem !== undefined) return problem;
    }
    return (await wasChecked(folder)) ? undefined : await checkContent(folder, entry);
  } catch (error) {
    return messageOf(error);
  }
}

async function checkContent(folder: string, { model, weights }: Entry): Promise<string | undefined> {
  for (const [name, file] of [
    [MODEL_FILE, model],
    [WEIGHTS_FILE, weights],
  ] as const) {
    const found = await checksumsOf(path.join(folder, name));
    if (found.length !== file.checksums.length || found.some((sum, index) => sum !== file.checksums[index])) {
      return `${name} has other content than was written`;
    }
  }
  await rememberCheck(folder);
  return undefined;
}

async function wasChecked(folder: string): Promise<boolean> {
  const start = await machineStart();
  return start !== undefined && (await readFile(path.join(folder, CHECKED_FILE), 'utf8').catch(() => '')) === start;
}

async function rememberCheck(folder: string): Promise<void> {
  const file = path.join(folder, CHECKED_FILE);
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, (await machineStart()) ?? '');
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
}
