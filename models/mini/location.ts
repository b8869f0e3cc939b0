import { existsSync } from 'node:fs';
import path from 'node:path';
import { sensebindDataDirectory } from '../bundle/installation';
import { MANIFEST_FILE } from '../bundle/location';

/** How people name the bundle that is shipped; a folder of that name is written `./mini`. */
export const MINI = 'mini';

/** Where this package lies: a clone, or what the package manager unpacked. Both hold `dist/` at their top. */
const PACKAGE = path.join(__dirname, '..', '..', '..');

/** Folder of the bundle that is shipped with this package. */
export function miniBundleFolder(): string {
  return path.join(PACKAGE, 'models', 'mini', 'bundle');
}

/** Where bundles lie that were set up under a name (`sensebind models setup`). */
export function namedBundlesFolder(): string {
  return path.join(sensebindDataDirectory(), 'bundles');
}

const PLAIN_NAME = /^[A-Za-z0-9][\w.-]*$/;

/**
 * The folder of a bundle that a person named, or did not: {@link MINI} and nothing at all mean the shipped one. A plain name
 * that no folder has here is that of a bundle that was set up.
 *
 * @param from - Where relative paths start.
 */
export function bundleFolder(named: string | undefined, from = process.cwd()): string {
  if (named === undefined || named === MINI) return miniBundleFolder();
  const folder = path.resolve(from, named);
  if (!PLAIN_NAME.test(named) || existsSync(folder)) return folder;
  const setUp = path.join(namedBundlesFolder(), named);
  return existsSync(path.join(setUp, MANIFEST_FILE)) ? setUp : folder;
}
