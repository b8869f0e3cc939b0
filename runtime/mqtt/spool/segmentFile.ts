import { type FileHandle, mkdir, open, readdir, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { crc32c } from './crc32c';

/** A file of one journal. */
export interface Segment {
  /** Sequence of the first record that may stand in it; also its name. */
  readonly first: number;
  readonly file: string;
  /** Bytes that are known to be whole, its header included. */
  bytes: number;
}

/** Format of segments: 8 bytes of magic, version (2), 0 (2), CRC-32C of these 12 bytes. */
const MAGIC = Buffer.from('SENSPOOL', 'latin1');
const VERSION = 1;
export const SEGMENT_HEADER_BYTES = 16;

const NAME = /^(\d{16})\.spool$/;

/** Where files of other versions go. */
const SET_ASIDE = 'set-aside';

/** The segments of a folder, in order. Those of another version are moved out of the way, never deleted. */
export async function listSegments(
  folder: string,
): Promise<{ readonly segments: Segment[]; readonly setAside: readonly string[] }> {
  const names = (await readdir(folder)).filter((name) => NAME.test(name)).sort();
  const segments: Segment[] = [];
  const setAside: string[] = [];
  for (const name of names) {
    const file = path.join(folder, name);
    if (await isOurs(file)) {
      const { size } = await stat(file);
      segments.push({ first: Number(name.slice(0, 16)), file, bytes: size });
    } else setAside.push(await moveAside(file));
  }
  return { segments, setAside };
}

/** Moves a file that cannot be read out of the way; resolves to its new path. */
export async function moveAside(file: string): Promise<string> {
  const folder = path.join(path.dirname(file), SET_ASIDE);
  await mkdir(folder, { recursive: true });
  for (let copy = 0; ; copy++) {
    const target = path.join(folder, copy === 0 ? path.basename(file) : `${path.basename(file)}.${copy}`);
    if (await isFree(target)) {
      await rename(file, target);
      return target;
    }
  }
}

/** A new, empty segment, open for writing. Its name and header are durable. Throws the error of the system call. */
export async function createSegment(
  folder: string,
  first: number,
): Promise<{ readonly segment: Segment; readonly handle: FileHandle }> {
  const file = path.join(folder, `${String(first).padStart(16, '0')}.spool`);
  const handle = await open(file, 'w');
  try {
    const header = Buffer.alloc(SEGMENT_HEADER_BYTES);
    MAGIC.copy(header);
    header.writeUInt16LE(VERSION, 8);
    header.writeUInt32LE(crc32c(header.subarray(0, 12)), 12);
    await appendAll(handle, [header], 0);
    await handle.datasync();
    await syncFolder(folder);
  } catch (error) {
    await handle.close();
    throw error;
  }
  return { segment: { first, file, bytes: SEGMENT_HEADER_BYTES }, handle };
}

/** Writes all pieces from `position` on: a call may write less than it was given. */
export async function appendAll(handle: FileHandle, pieces: readonly Uint8Array[], position: number): Promise<void> {
  let left = pieces.filter((piece) => piece.byteLength > 0);
  let at = position;
  while (left.length > 0) {
    let { bytesWritten } = await handle.writev(left, at);
    at += bytesWritten;
    const rest: Uint8Array[] = [];
    for (const piece of left) {
      if (bytesWritten < piece.byteLength) rest.push(piece.subarray(bytesWritten));
      bytesWritten = Math.max(0, bytesWritten - piece.byteLength);
    }
    left = rest;
  }
}

/** A header that is damaged may be anybody's: its records have checksums of their own, and decide. */
async function isOurs(file: string): Promise<boolean> {
  const handle = await open(file, 'r');
  try {
    const header = Buffer.alloc(SEGMENT_HEADER_BYTES);
    const { bytesRead } = await handle.read(header, 0, SEGMENT_HEADER_BYTES, 0);
    const isWhole = bytesRead === header.length && crc32c(header.subarray(0, 12)) === header.readUInt32LE(12);
    return !isWhole || (header.subarray(0, 8).equals(MAGIC) && header.readUInt16LE(8) === VERSION);
  } finally {
    await handle.close();
  }
}

async function isFree(file: string): Promise<boolean> {
  try {
    await stat(file);
    return false;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return true;
    throw error;
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}
