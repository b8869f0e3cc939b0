/**
 * Puts beside the compiled nodes what Node-RED reads with them, bundles what runs in the editor, and the schemas of all
 * programs: part of the build.
 */
import { cpSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { buildSync } from 'esbuild';
import { bundleTypebox } from './typebox';

const ROOT = path.join(__dirname, '..', '..', '..');
const SOURCES = path.join(ROOT, 'nodes');
const EDITOR = path.join(SOURCES, 'editor');
const BUILT = path.join(ROOT, 'dist', 'nodes');
const RESOURCES = path.join(ROOT, 'resources');

/** Files that are neither compiled nor bundled. */
const ASSETS: ReadonlySet<string> = new Set(['.html', '.json', '.svg', '.png']);

function copyAssets(): void {
  const isAsset = (file: string): boolean => ASSETS.has(path.extname(file)) && path.basename(file) !== 'tsconfig.json';
  // What was removed from the sources must not stay in the palette.
  for (const file of filesOf(BUILT).filter(isAsset)) rmSync(path.join(BUILT, file));
  const isEditors = (file: string): boolean => file.startsWith(`editor${path.sep}`);
  for (const file of filesOf(SOURCES).filter((one) => isAsset(one) && !isEditors(one))) {
    cpSync(path.join(SOURCES, file), path.join(BUILT, file));
  }
}

function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' });
}

/** Browsers of the last years: the editor of Node-RED 4.1 needs no older one. */
function bundleBrowserCode(): void {
  buildSync({
    entryPoints: { editor: path.join(EDITOR, 'main.ts'), live: path.join(EDITOR, 'live', 'page.ts') },
    outdir: RESOURCES,
    bundle: true,
    format: 'iife',
    target: 'es2022',
    minify: true,
    logLevel: 'warning',
    tsconfig: path.join(EDITOR, 'tsconfig.json'),
  });
  for (const file of ['live.css', 'live.html']) cpSync(path.join(EDITOR, 'live', file), path.join(RESOURCES, file));
}

copyAssets();
bundleBrowserCode();
bundleTypebox(ROOT);
