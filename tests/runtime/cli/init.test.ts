import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { deviceDeclarations } from '../../../devices/catalogue';
import { nodeIdOf } from '../../../runtime/cli/init';
import { configText, type PlannedSource } from '../../../runtime/cli/init/configText';
import { parseConfig } from '../../../runtime/config/readConfig';
import { ID_PATTERN } from '../../../runtime/mqtt/topics';
import { errorCode, runCommand } from '../../support/command';
import { temporaryFolder } from '../../support/temporaryFolder';
import { tinyBundle } from '../../support/tinyBundle';

const parse = (text: string) => parseConfig(text, { file: '/config.yaml', devices: deviceDeclarations });

const PLAN = { node: 'box', bundle: 'mini', brokerUrl: 'mqtt://localhost:1883', labels: ['fire', 'alarm'] };

const THERMAL: PlannedSource = {
  id: 'thermal0',
  modality: 'thermal',
  title: 'FLIR Lepton: PureThermal',
  options: { kind: 'lepton', device: '/dev/v4l/by-id/usb-GroupGets_PureThermal-video-index0' },
  isGuess: false,
};
const SERIAL: PlannedSource = {
  id: 'imu0',
  modality: 'imu',
  title: 'WitMotion: CP2102\n  evil: line',
  options: { kind: 'witmotion', path: '/dev/ttyUSB0' },
  isGuess: true,
};

describe('sensebind init', () => {
  it('writes a configuration that run --check finds no problem in, and never over another', async (context) => {
    const { directory, remove } = await tinyBundle();
    context.after(remove);
    const folder = await temporaryFolder(context);
    const file = path.join(folder, 'config.yaml');
    const sensebind = (...args: readonly string[]) => runCommand(args, { stateHome: folder });
    const written = await sensebind('init', file, '--simulated', '--bundle', directory, '--node', 'box-1', '--json');
    assert.equal(written.code, 0, written.stdout + written.stderr);
    const { sources } = JSON.parse(written.stdout);
    assert.equal(sources.length, 5);
    const checked = await sensebind('run', file, '--check');
    assert.deepEqual([checked.code, checked.stderr], [0, '']);

    await writeFile(file, 'mine');
    const refused = await sensebind('init', file, '--simulated', '--json');
    assert.deepEqual([refused.code, errorCode(refused)], [1, 'OUTPUT_EXISTS']);
    assert.equal(await readFile(file, 'utf8'), 'mine');
    const wrong = await sensebind('init', file, '--simulated', '--force', '--node', 'Box 1', '--json');
    assert.deepEqual([wrong.code, errorCode(wrong)], [1, 'CONFIG_INVALID']);
    assert.equal(await readFile(file, 'utf8'), 'mine');
    assert.equal((await sensebind('init', file, '--simulated', '--force')).code, 0);
    assert.match(await readFile(file, 'utf8'), /^# Written by sensebind init/);
  });
});

describe('what sensebind init writes', () => {
  it('uses what was found for certain, and offers the rest as comments', () => {
    const text = configText({ ...PLAN, sources: [THERMAL, SERIAL] });
    const config = parse(text);
    assert.deepEqual(
      config.sources.map(({ id, device }) => [id, device.kind]),
      [['thermal0', 'lepton']],
    );
    assert.deepEqual(
      config.rules.map(({ id }) => id),
      ['fire', 'hot_thermal0'],
    );
    assert.match(text, /^ {2}# imu0: \{ device: \{ kind: witmotion/m);
    // With its # taken away, what was offered is used.
    const chosen = parse(text.replace('  # imu0:', '  imu0:'));
    assert.deepEqual(
      chosen.sources.map(({ id }) => id),
      ['thermal0', 'imu0'],
    );
  });

  it('has every part that is commented out in a form that can be used', () => {
    const text = configText({ ...PLAN, sources: [{ ...THERMAL, options: { kind: 'simulated-thermal' } }] });
    const uncommented = text
      .replace(/^# (publish|spool|metrics|inference):/gm, '$1:')
      .replace(/^# ( {2}(embeddings|scores):)/gm, '$1')
      .replace(/^( {2}(embeddings|scores): \{.*?\}).*$/gm, '$1');
    const { publish, spool, metrics, inference } = parse(uncommented);
    const { publish: usual, spool: usualSpool } = parse(text);
    assert.deepEqual([publish, spool.life], [usual, usualSpool.life]);
    // 256 MiB, which the comment says in megabytes.
    assert.ok(Math.abs(spool.maxBytes - usualSpool.maxBytes) < 1e6);
    assert.deepEqual([metrics, inference], [{ host: '127.0.0.1', port: 9464 }, { providers: ['cpu'] }]);
  });

  it('is a configuration whatever devices call themselves', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), fc.boolean(), (title, isGuess) => {
        const config = parse(configText({ ...PLAN, sources: [THERMAL, { ...SERIAL, title, isGuess }] }));
        assert.equal(config.sources.length, isGuess ? 1 : 2);
      }),
      { numRuns: 25 },
    );
  });

  it('names the node after its host', () => {
    assert.deepEqual(['Jetson-1.local', 'Küche_2', '-', ''].map(nodeIdOf), ['jetson-1', 'k-che_2', 'box', 'box']);
    fc.assert(fc.property(fc.string(), (name) => assert.match(nodeIdOf(name), new RegExp(ID_PATTERN))));
  });
});
