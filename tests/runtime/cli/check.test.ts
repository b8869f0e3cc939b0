import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { runCommand } from '../../support/command';
import { repositoryRoot } from '../../support/paths';
import { temporaryFolder } from '../../support/temporaryFolder';
import { tinyBundle } from '../../support/tinyBundle';

const SOUND = path.join(repositoryRoot, 'examples', 'sounds', 'door.wav');

describe('sensebind run --check', () => {
  it('finds sources that cannot run, all at once, before anything runs', async (context) => {
    const { directory, remove } = await tinyBundle();
    context.after(remove);
    const folder = await temporaryFolder(context);
    const check = async (bundle: string, sources: string) => {
      const file = path.join(folder, 'config.yaml');
      const head = `version: 1\nnode: box\nbundle: ${bundle}\nbroker: { url: mqtt://localhost:1883 }\n`;
      await writeFile(file, `${head}sources:\n${sources}`);
      return runCommand(['run', file, '--check'], { stateHome: folder });
    };
    const good = `  mic0: { device: { kind: wav, file: ${SOUND} } }\n`;
    const { code, stdout, stderr } = await check(directory, good);
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /no problem found/);
    const bad = await check(
      directory,
      `${good}  mic1: { device: { kind: replay-audio, path: ./none, source: mic0 } }
  radar0: { device: { kind: simulated-radar } }
  mic2: { device: { kind: simulated-microphone, seed: 1, script: ${SOUND} } }
  radar1: { device: { kind: simulated-radar }, enabled: false }\n`,
    );
    assert.equal(bad.code, 1);
    assert.match(bad.stderr, /found 3 problems/);
    assert.match(bad.stderr, new RegExp(`"path" of the source "mic1" at ${path.join(folder, 'none')}`));
    assert.match(bad.stderr, /encoder of radar for the source "radar0"/);
    assert.match(bad.stderr, /"seed" or "script" for the source "mic2"/);
    const without = await check('./nowhere', good);
    assert.equal(without.code, 1);
    assert.match(without.stderr, /nowhere/);
  });
});
