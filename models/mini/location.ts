import path from 'node:path';

/** How people name the bundle that is shipped; a folder of that name is written `./mini`. */
export const MINI = 'mini';

/** Where this package lies: a clone, or what the package manager unpacked. Both hold `dist/` at their top. */
const PACKAGE = path.join(__dirname, '..', '..', '..');

/** Folder of the bundle that is shipped with this package. */
export function miniBundleFolder(): string {
  return path.join(PACKAGE, 'models', 'mini', 'bundle');
}

/**
 * The folder of a bundle that a person named, or did not: {@link MINI} and nothing at all mean the shipped one.
 *
 * @param from - Where relative paths start.
 */
export function bundleFolder(named: string | undefined, from = process.cwd()): string {
  return named === undefined || named === MINI ? miniBundleFolder() : path.resolve(from, named);
}
