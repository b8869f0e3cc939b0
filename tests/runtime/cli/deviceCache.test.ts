import assert from 'node:assert/strict';
import { chmod } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { checkDeviceCache } from '../../../runtime/cli/doctor/machineChecks';
import { Engine } from '../../../runtime/inference/engine';
import { runCommand } from '../../support/command';
import { Copies } from '../../support/deviceCopies';
import { temporaryFolder } from '../../support/temporaryFolder';

describe('sensebind models cache', () => {
  it('lists copies, makes them of large encoders only, and removes those that nobody uses', async (context) => {
    const stateHome = await temporaryFolder(context);
    const folder = path.join(stateHome, 'cache', 'sensebind', 'encoders');
    const copies = await Copies.in(stateHome, { folder });
    for (const modality of ['imu', 'depth']) assert.equal((await copies.make(modality)).kind, 'made');
    const cache = async (...more: readonly string[]) =>
      JSON.parse((await runCommand(['models', 'cache', '--json', ...more], { stateHome })).stdout);
    const listed = await cache('--build');
    assert.equal(listed.folder, folder);
    assert.deepEqual(
      listed.made.map((made: { kind: string }) => made.kind),
      Object.keys(copies.bundle.manifest.encoders).map(() => 'small'),
    );
    assert.deepEqual(
      listed.copies.map(({ title }: { title: string }) => title.split(' ')[0]),
      ['imu', 'depth'],
    );
    const { kind, what } = await checkDeviceCache(copies.settings);
    assert.match(`${kind} ${what}`, /ok device cache: 2 copies of encoders, 13\.\d MB of 12\.0 GB, in \//);

    await using _engine = await Engine.open(copies.bundle, { modalities: ['imu'], deviceCache: copies.settings });
    const [left, ...none] = (await cache('--clear')).copies;
    assert.deepEqual([left.title.split(' ')[0], left.isInUse, none], ['imu', true, []]);
    await chmod(folder, 0o777);
    assert.equal((await checkDeviceCache(copies.settings)).kind, 'note');
  });
});

describe('sensebind models plan', () => {
  it('measures once, and tells what fits', async (context) => {
    const stateHome = await temporaryFolder(context);
    const plan = (...more: readonly string[]) =>
      runCommand(['models', 'plan', '--modalities', 'imu,text', ...more], { stateHome });
    const first = await plan();
    assert.match(first.stderr, /measuring imu …\nmeasuring text …/);
    assert.match(first.stdout, /^imu +fp16 +\d.* MB .* ms +1 .*yes$/m);
    const again = await plan('--json', '--memory', '155MB', '--windows-per-second', 'imu=1000,text=0.5');
    assert.equal(again.stderr.includes('measuring'), false);
    const { rows, machine, advice, isMemoryEnough } = JSON.parse(again.stdout);
    assert.deepEqual([isMemoryEnough, machine.memoryBytes], [false, 155e6]);
    assert.deepEqual(
      rows.map(({ modality, windowsPerSecond }: Record<string, unknown>) => [modality, windowsPerSecond]),
      [
        ['imu', 1000],
        ['text', 0.5],
      ],
    );
    for (const { needs } of rows) {
      assert.equal(needs.basis, 'measured');
      assert.ok(needs.privateBytes > 1e6 && needs.privateBytes < 100e6, 'memory of an encoder of 2 MB');
    }
    assert.ok(advice.length > 0);
  });

  it('refuses what makes no sense', async (context) => {
    const stateHome = await temporaryFolder(context);
    const wrongs = ['--modalities=smell', '--windows-per-second=imu=-1'];
    const results = await Promise.all(
      wrongs.map((wrong) => runCommand(['models', 'plan', '--json', wrong], { stateHome })),
    );
    assert.deepEqual(
      results.map(({ code }) => code),
      wrongs.map(() => 2),
    );
  });
});
