import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Transformer } from '@napi-rs/image';
import { readWav } from '../../../devices/audio/readWav';
import { events, perceivableTo } from '../../../devices/simulated/events/catalogue';
import { errorCode, runCommand } from '../../support/command';
import { repositoryRoot } from '../../support/paths';
import { temporaryFolder } from '../../support/temporaryFolder';

const SCRIPT = 'version: 1\nroom: office\nlength: 3\nevents: [{ at: 1, event: alarm }]\n';

describe('sensebind simulate', () => {
  it('writes a contact sheet, sounds, a page and the truth', async (context) => {
    const folder = await temporaryFolder(context);
    const script = path.join(folder, 'script.yaml');
    const out = path.join(folder, 'world');
    await writeFile(script, SCRIPT);
    const { code, stdout, stderr } = await runCommand(
      ['simulate', '--out', out, '--seed', '6', '--scenario', script, '--json'],
      { stateHome: folder },
    );
    assert.equal(code, 0, stderr);
    const answer = JSON.parse(stdout);
    assert.equal(answer.folder, out);
    const audible = perceivableTo('audio').map(({ id }) => `${id}.wav`);
    assert.deepEqual((await readdir(path.join(out, 'sounds'))).toSorted(), audible.toSorted());
    for (const file of audible) {
      const { sampleRateHz, channels } = await readWav(path.join(out, 'sounds', file));
      assert.equal(sampleRateHz, 16_000);
      assert.ok(Math.max(...channels[0]!) > 0.2, file);
    }
    const { width, height } = await new Transformer(await readFile(path.join(out, 'contact-sheet.png'))).metadata();
    assert.ok(width > 6 * 96 && height > 8 * 96);
    const page = await readFile(path.join(out, 'index.html'), 'utf8');
    for (const { phrases } of events) assert.ok(page.includes(phrases[0]));
    // What docs/ ships is this world's.
    const shipped = path.join(repositoryRoot, 'docs', 'world');
    assert.equal(await readFile(path.join(shipped, 'index.html'), 'utf8'), page);
    for (const file of audible) {
      const [own, theirs] = [out, shipped].map((folder) => readFile(path.join(folder, 'sounds', file)));
      assert.deepEqual(await own, await theirs, file);
    }
    const { sampleRateHz, channels } = await readWav(path.join(out, 'scenario.wav'));
    assert.deepEqual([sampleRateHz, channels[0]!.length], [16_000, 48_000]);
    const { room, truth } = JSON.parse(await readFile(path.join(out, 'truth.json'), 'utf8'));
    assert.equal(room, 'office');
    assert.deepEqual(
      truth.map((change: { kind: string; event: string; atSeconds: number }) => [
        change.kind,
        change.event,
        change.atSeconds,
      ]),
      [
        ['started', 'alarm', 1],
        ['ended', 'alarm', 3],
      ],
    );
    assert.deepEqual((await readdir(folder)).toSorted(), ['script.yaml', 'world']);
  });

  it('refuses a folder with something in it, a wrong script, and numbers that are none', async (context) => {
    const folder = await temporaryFolder(context);
    const run = (...args: string[]) => runCommand(['simulate', '--json', ...args], { stateHome: folder });
    await mkdir(path.join(folder, 'full'));
    await writeFile(path.join(folder, 'full', 'precious'), '');
    await writeFile(path.join(folder, 'wrong.yaml'), 'version: 2\n');
    const out = path.join(folder, 'out');
    assert.equal(errorCode(await run('--out', path.join(folder, 'full'))), 'OUTPUT_EXISTS');
    assert.equal(errorCode(await run('--out', path.join(folder, 'full'), '--force')), 'OUTPUT_EXISTS');
    assert.deepEqual(await readdir(path.join(folder, 'full')), ['precious']);
    assert.equal(errorCode(await run('--out', out, '--scenario', path.join(folder, 'wrong.yaml'))), 'CONFIG_INVALID');
    assert.equal(errorCode(await run('--out', out, '--scenario', path.join(folder, 'none.yaml'))), 'FILE_UNREADABLE');
    for (const flags of [
      ['--seed', '1.5'],
      ['--seconds', 'long'],
      ['--seconds', '99999'],
    ]) {
      const result = await run('--out', out, ...flags);
      assert.deepEqual([result.code, errorCode(result)], [2, 'USAGE']);
    }
    assert.equal((await run()).code, 2);
  });
});
