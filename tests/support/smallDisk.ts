import { spawnSync } from 'node:child_process';
import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { CleanUp } from './cleanUp';

/** Why there can be no small disk here; `false` when there can. */
export const withoutSmallDisk: string | false = smallDiskProblem();

/** A file system of its own, of so many bytes, until the test ends. */
export async function smallDisk(context: CleanUp, bytes: number): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sensebind-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder]);
  if (mounted.status !== 0) throw new Error(`mount failed: ${mounted.stderr}`);
  context.after(async () => {
    spawnSync('umount', [folder]);
    await rmdir(folder);
  });
  return folder;
}

function smallDiskProblem(): string | false {
  if (process.getuid?.() !== 0) return 'only root can mount a small disk';
  const folder = path.join(tmpdir(), `sensebind-mount-${process.pid}`);
  spawnSync('mkdir', ['-p', folder]);
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]);
  if (status === 0) spawnSync('umount', [folder]);
  spawnSync('rmdir', [folder]);
  return status === 0 ? false : 'this machine lets nobody mount a small disk';
}
