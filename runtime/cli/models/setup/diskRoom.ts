import { stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { SensebindError } from '../../../errors';
import { formatBytes } from '../../output';

/** What will be written somewhere. */
export interface Load {
  /** May not be there yet. */
  readonly folder: string;
  readonly bytes: number;
}

/** A disk, and what is to come onto it. */
export interface DiskNeed {
  readonly folder: string;
  readonly neededBytes: number;
  readonly freeBytes: number;
}

/** Sums up what comes onto each disk. */
export async function diskNeeds(loads: readonly Load[]): Promise<readonly DiskNeed[]> {
  const needs = new Map<number, DiskNeed>();
  for (const { folder, bytes } of loads) {
    const place = await nearestFolder(path.resolve(folder));
    const { dev } = await stat(place);
    const known = needs.get(dev);
    const { bavail, bsize } = await statfs(place);
    needs.set(dev, {
      folder: known?.folder ?? place,
      neededBytes: (known?.neededBytes ?? 0) + bytes,
      freeBytes: bavail * bsize,
    });
  }
  return [...needs.values()];
}

/** @throws {SensebindError} `DISK_FULL` for a disk that is too small for what is to come. */
export function requireDisks(needs: readonly DiskNeed[]): void {
  const short = needs.find(({ neededBytes, freeBytes }) => freeBytes < neededBytes);
  if (short === undefined) return;
  throw new SensebindError(
    'DISK_FULL',
    `Expected ${formatBytes(short.neededBytes)} free on the disk of ${short.folder}, found ${formatBytes(short.freeBytes)}`,
    'Free some space, name fewer modalities, or use another disk: --to for the bundle, and for the checkpoint "sensebind models pull --to", then --checkpoint.',
  );
}

async function nearestFolder(folder: string): Promise<string> {
  const found = await stat(folder).catch(() => undefined);
  const parent = path.dirname(folder);
  return found?.isDirectory() === true || parent === folder ? folder : nearestFolder(parent);
}
