import { constants } from 'node:fs';
import { copyFile, mkdir, readdir, stat } from 'node:fs/promises';
import path from 'node:path';

export interface FoundFile {
  /** Relative to the folder. */
  readonly name: string;
  readonly bytes: number;
}

/** Every regular file of a bundle: a licence or a model card beside the encoders belongs to them. */
export async function filesIn(directory: string): Promise<readonly FoundFile[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => path.relative(directory, path.join(entry.parentPath, entry.name)));
  return Promise.all(names.map(async (name) => ({ name, bytes: (await stat(path.join(directory, name))).size })));
}

/** Copies files of one folder under their names into another. The signal is heeded between them. */
export async function copyFiles(
  files: readonly FoundFile[],
  { from, to, signal }: { readonly from: string; readonly to: string; readonly signal: AbortSignal | undefined },
): Promise<void> {
  for (const { name } of files) {
    signal?.throwIfAborted();
    const target = path.join(to, name);
    await mkdir(path.dirname(target), { recursive: true });
    // Shares the blocks where the file system can: a bundle may have gigabytes.
    await copyFile(path.join(from, name), target, constants.COPYFILE_FICLONE);
  }
}
