import type { Stats } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, SensebindError } from '../../runtime/errors';

/** Name of the manifest inside a bundle's folder. */
export const MANIFEST_FILE = 'manifest.json';

/** What a well-formed path inside a bundle looks like: forward slashes, no way up, nothing a shell or Windows reads specially. */
const INSIDE = /^(?!.*(?:^|\/)\.{1,2}(?:\/|$))[\w.+-]+(?:\/[\w.+-]+)*$/;

/**
 * The real path of a regular file inside a bundle.
 *
 * @param directory - Real path of the bundle's folder.
 * @throws {SensebindError} `BUNDLE_INVALID` for a path that leaves the folder, by its name or through a link (fault row
 * F18 of reference/anchors.md); `BUNDLE_CORRUPT` when there is no such file.
 */
export async function locate(directory: string, file: string): Promise<string> {
  if (!INSIDE.test(file)) throw leaves(file, 'its name is not a plain path inside the folder');
  const real = await realpath(path.join(directory, file)).catch((error: unknown) => {
    throw absent(file, messageOf(error));
  });
  if (!real.startsWith(`${directory}${path.sep}`)) throw leaves(file, `it is a link to ${real}`);
  const found = await stat(real);
  if (!found.isFile()) throw leaves(file, kindOf(found));
  return real;
}

function kindOf(found: Stats): string {
  return found.isDirectory() ? 'it is a folder' : 'it is a device, pipe or socket';
}

function leaves(file: string, reason: string): SensebindError {
  return new SensebindError(
    'BUNDLE_INVALID',
    `Expected "${file}" to be a regular file inside the bundle, found that ${reason}`,
    'Do not use this bundle unless you know who made it: convert the checkpoint again.',
  );
}

function absent(file: string, reason: string): SensebindError {
  return new SensebindError(
    'BUNDLE_CORRUPT',
    `Expected the file "${file}" in the bundle, found none: ${reason}`,
    'Copy the whole folder again, or convert the checkpoint again.',
  );
}
