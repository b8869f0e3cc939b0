import { open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import Type from '#typebox';
import { Compile } from '#typebox/compile';
import { crc32c } from './crc32c';
import { moveAside } from './segmentFile';
import { SequenceSet } from './sequenceSet';

/** Which records of a journal are dealt with. Line: CRC-32C of the rest in hexadecimal, a space, JSON. */
const NAME = 'cursor';

/** Stretches that are kept; more come about only when a backlog never ends, and cost messages sent twice after a crash. */
const MAX_STRETCHES = 1000;

const Sequence = Type.Integer({ minimum: 0 });
const cursorValidator = Compile(
  Type.Object({
    format: Type.Literal('sensebind-spool-cursor/1'),
    settled: Type.Array(Type.Tuple([Sequence, Sequence]), { maxItems: MAX_STRETCHES }),
  }),
);

/** What a cursor says; `undefined` when it is damaged or of another version. */
export function parseCursor(text: string): SequenceSet | undefined {
  const [checksum = '', document = ''] = split(text);
  if (checksum !== checksumOf(document)) return undefined;
  const value = parseJson(document);
  if (!cursorValidator.Check(value)) return undefined;
  const settled = new SequenceSet();
  for (const [first, last] of value.settled) settled.add(first, last);
  return settled;
}

/** The text of a cursor. */
export function cursorText(settled: SequenceSet): string {
  const stretches = settled.stretches.slice(0, MAX_STRETCHES);
  const document = JSON.stringify({ format: 'sensebind-spool-cursor/1', settled: stretches });
  return `${checksumOf(document)} ${document}\n`;
}

/**
 * Reads the cursor of a folder. One that cannot be read is set aside: its messages come twice then, which is better than
 * not at all.
 */
export async function readCursor(
  folder: string,
): Promise<{ readonly settled: SequenceSet; readonly setAside: readonly string[] }> {
  const file = path.join(folder, NAME);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return { settled: new SequenceSet(), setAside: [] };
  const settled = parseCursor(text);
  if (settled) return { settled, setAside: [] };
  return { settled: new SequenceSet(), setAside: [await moveAside(file)] };
}

/** Whole or not at all. The folder is not synced: an older cursor costs messages sent twice, and a disk wears. */
export async function writeCursor(folder: string, settled: SequenceSet): Promise<void> {
  const file = path.join(folder, NAME);
  const handle = await open(`${file}.new`, 'w');
  try {
    await handle.writeFile(cursorText(settled));
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.new`, file);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function split(text: string): readonly [string, string] {
  const space = text.indexOf(' ');
  return [text.slice(0, Math.max(0, space)), text.slice(space + 1).replace(/\n$/, '')];
}

function checksumOf(document: string): string {
  return crc32c(Buffer.from(document)).toString(16).padStart(8, '0');
}
