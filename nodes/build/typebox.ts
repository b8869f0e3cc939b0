import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buildSync } from 'esbuild';

/** What of TypeBox is imported here: names of its entries, and the paths that they have. */
const ENTRIES: Readonly<Record<string, string>> = {
  index: 'typebox',
  compile: 'typebox/compile',
  schema: 'typebox/schema',
  system: 'typebox/system',
  value: 'typebox/value',
};

/**
 * Puts TypeBox into one file, which `#typebox` of package.json stands for. The package has 700 of them: loading those took
 * 0.35 s of processor time and 23 MB more in every process.
 */
export function bundleTypebox(root: string): void {
  const folder = path.join(root, 'dist', 'typebox');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const entries = Object.entries(ENTRIES);
  buildSync({
    // All in one, for settings that are made in one entry to hold in the others.
    stdin: {
      contents: entries.map(([name, from]) => `export * as ${name} from '${from}';`).join('\n'),
      resolveDir: root,
    },
    outfile: path.join(folder, 'all.js'),
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    logLevel: 'warning',
  });
  for (const [name] of entries) {
    const lines = [
      `Object.defineProperty(exports, '__esModule', { value: true });`,
      `Object.assign(exports, require('./all.js').${name});`,
    ];
    writeFileSync(path.join(folder, `${name}.js`), `${lines.join('\n')}\n`);
  }
  cpSync(path.join(root, 'node_modules', 'typebox', 'license'), path.join(folder, 'LICENSE'));
}
