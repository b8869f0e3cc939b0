import { existsSync } from 'node:fs';
import path from 'node:path';

function findRoot(folder: string): string {
  if (existsSync(path.join(folder, 'package.json'))) return folder;
  const parent = path.dirname(folder);
  if (parent === folder) throw new Error(`no package.json above ${__dirname}`);
  return findRoot(parent);
}

/** The folder that holds package.json, wherever the compiled test stands. */
export const repositoryRoot = findRoot(__dirname);

/** Path of a file of the golden data (tests/golden/README.md). */
export function golden(name: string): string {
  return path.join(repositoryRoot, 'tests', 'golden', name);
}

/** The compiled twin of a source file, for tests that start it as a process or worker: `compiled('runtime/cli/main')`. */
export function compiled(module: string): string {
  return path.resolve(__dirname, '..', '..', `${module}.js`);
}
