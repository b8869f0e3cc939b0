import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { repositoryRoot } from '../support/paths';

/** A file, what it imports, and whether design.md allows that direction. */
type Direction = readonly [file: string, imported: string, allowed: boolean];

const DIRECTIONS: readonly Direction[] = [
  ['models/onnx/a.ts', '../../runtime/errors', true],
  ['models/onnx/b.ts', '../../runtime/embedding', false],
  ['models/onnx/c.ts', '../../devices/audio/wav', false],
  ['models/onnx/d.ts', '../checkpoint/stateDict', true],
  ['devices/imu/a.ts', '../../runtime/clock', true],
  ['devices/imu/b.ts', '../../runtime/inference/engine', false],
  ['devices/imu/c.ts', '../../models/bundle/manifest', false],
  ['runtime/mqtt/a.ts', '../../models/bundle/manifest', true],
  ['runtime/mqtt/b.ts', '../../devices/audio/wav', false],
  ['runtime/mqtt/c.ts', '../cli/main', false],
  ['runtime/d.ts', './cli/main', false],
  ['runtime/e.ts', './learn/probe', false],
  ['runtime/learn/a.ts', '../../devices/simulated/world', true],
  ['runtime/learn/b.ts', '../../devices/audio/wav', false],
  ['runtime/learn/c.ts', '../../devices/recording/recordingReader', true],
  ['runtime/learn/d.ts', '../../models/training/gradients', true],
  ['runtime/learn/e.ts', '../preprocess/presets', true],
  ['runtime/learn/f.ts', '../cli/main', false],
  ['runtime/learn/workers/g.ts', '../../../devices/simulated/example', true],
  ['runtime/learn/workers/h.ts', '../../../devices/audio/wav', false],
  ['nodes/encode/c.ts', '../../runtime/learn/sceneSets', false],
  ['runtime/cli/a.ts', '../../devices/audio/wav', true],
  ['runtime/cli/b.ts', '../../tests/support/paths', false],
  ['nodes/encode/a.ts', '../../runtime/pipeline', true],
  ['nodes/encode/b.ts', '../../runtime/cli/main', false],
];

/** Folders that are compiled into dist. */
const COMPILED: readonly string[] = ['runtime', 'devices', 'models', 'nodes', 'tests'];

it('schemas are made with #typebox, one file, and never with the 700 of the package', () => {
  const importers = COMPILED.flatMap((folder) =>
    globSync('**/*.ts', { cwd: path.join(repositoryRoot, folder) }).map((file) => path.join(folder, file)),
  ).filter((file) => /from '(?:typebox)/.test(readFileSync(path.join(repositoryRoot, file), 'utf8')));
  assert.deepEqual(importers, []);
});

describe('import directions of design.md', () => {
  let folder: string;
  let refused: ReadonlySet<string>;

  before(() => {
    folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'sensebind-imports-')));
    const { vcs: _, ...rules } = JSON.parse(readFileSync(path.join(repositoryRoot, 'biome.json'), 'utf8'));
    writeFileSync(path.join(folder, 'biome.json'), JSON.stringify(rules));
    cpSync(path.join(repositoryRoot, 'tsconfig.json'), path.join(folder, 'tsconfig.json'));
    for (const [file, imported] of DIRECTIONS) {
      mkdirSync(path.join(folder, path.dirname(file)), { recursive: true });
      writeFileSync(path.join(folder, file), `export { thing } from '${imported}';\n`);
    }
    const biome = path.join(repositoryRoot, 'node_modules', '.bin', 'biome');
    const { stdout } = spawnSync(biome, ['lint', '--reporter=github', '--max-diagnostics=none', '.'], {
      cwd: folder,
      encoding: 'utf8',
    });
    refused = new Set(
      [...stdout.matchAll(/title=lint\/style\/noRestrictedImports,file=([^,]+)/g)].map((match) =>
        path.relative(folder, path.resolve(folder, match[1] ?? '')),
      ),
    );
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const [file, imported, allowed] of DIRECTIONS) {
    it(`${allowed ? 'allows' : 'refuses'} ${imported} in ${path.dirname(file)}`, () => {
      assert.equal(refused.has(file), !allowed);
    });
  }
});
