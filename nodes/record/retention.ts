import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { isRecordingName } from '../../devices/recording/recordingName';
import { segmentsAmong } from '../../devices/recording/segments';
import type { Micros } from '../../runtime/clock';

/** Recordings that are being made, in whatever folder: nobody removes them. */
export const underWay = new Set<string>();

interface Kept {
  readonly folder: string;
  readonly files: readonly string[];
  readonly bytes: number;
  readonly newestMicros: Micros;
}

export interface Retention {
  /** All recordings in the folder together. */
  readonly bytes: number;
  /** Nothing older than this is kept. */
  readonly sinceMicros: Micros;
}

/**
 * Removes the oldest recordings of a folder until what is left is within the limits. Only files that a recorder made are
 * removed; whatever else somebody put there stays.
 *
 * @returns how many recordings were removed.
 */
export async function prune(folder: string, { bytes, sinceMicros }: Retention): Promise<number> {
  const kept = await recordingsIn(folder);
  let total = kept.reduce((sum, one) => sum + one.bytes, 0);
  let removed = 0;
  for (const one of kept) {
    if (total <= bytes && one.newestMicros >= sinceMicros) continue;
    if (underWay.has(one.folder)) continue;
    for (const file of one.files) await rm(file, { force: true });
    // It stays where something of somebody else is in it.
    await rmdir(one.folder).catch(() => undefined);
    total -= one.bytes;
    removed++;
  }
  return removed;
}

/** Files of a recording, the oldest first. */
export async function filesIn(folder: string): Promise<readonly string[]> {
  return segmentsAmong(folder, await readdir(folder, { withFileTypes: true })).map((segment) => segment.path);
}

/** The oldest first. A folder that is not there holds none. */
async function recordingsIn(folder: string): Promise<readonly Kept[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  });
  const kept: Kept[] = [];
  for (const name of names.filter(isRecordingName).toSorted()) {
    const inside = path.join(folder, name);
    const files = await filesIn(inside);
    const sizes = await Promise.all(files.map((file) => stat(file)));
    kept.push({
      folder: inside,
      files,
      bytes: sizes.reduce((sum, { size }) => sum + size, 0),
      newestMicros: Math.max(0, ...sizes.map(({ mtimeMs }) => mtimeMs * 1000)),
    });
  }
  return kept;
}
