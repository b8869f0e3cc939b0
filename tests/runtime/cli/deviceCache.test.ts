import assert from 'node:assert/strict';
import { chmod } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { checkDeviceCache } from '../../../runtime/cli/doctor/deviceCacheCheck';
import { Engine } from '../../../runtime/inference/engine';
import { measureEncoder } from '../../../runtime/inference/plan/measure';
import { planThreads, threadsFor } from '../../../runtime/inference/threads';
import { runCommand } from '../../support/command';
import { Copies } from '../../support/deviceCopies';
import { temporaryFolder } from '../../support/temporaryFolder';

describe('sensebind models cache', () => {
  it('lists copies, makes them of large encoders only, and removes those that nobody uses', async (context) => {
    const stateHome = await temporaryFolder(context);
    const folder = path.join(stateHome, 'cache', 'sensebind', 'encoders');
    const copies = await Copies.in(stateHome, { folder });
    for (const modality of ['imu', 'depth']) assert.equal((await copies.make(modality)).kind, 'made');
    const named = {
      settings: copies.settings,
      isOff: false,
      runtimeModule: '',
      config: undefined,
      origin: 'this user',
    };
    const { kind, what } = await checkDeviceCache(named);
    assert.match(`${kind} ${what}`, /ok device cache of this user: 2 copies of encoders, 3\.\d+ MB of 12\.0 GB, in \//);
    await using _engine = await Engine.open(copies.bundle, { modalities: ['imu'], deviceCache: copies.settings });
    const answer = await runCommand(['models', 'cache', '--clear', '--build', '--json'], { stateHome });
    const told = JSON.parse(answer.stdout);
    assert.equal(told.folder, folder);
    assert.deepEqual(
      told.made.map((made: { kind: string }) => made.kind),
      Object.keys(copies.bundle.manifest.encoders).map(() => 'small'),
    );
    const [left, ...none] = told.copies;
    assert.deepEqual([left.title.split(' ')[0], left.isInUse, none], ['imu', true, []]);
    await chmod(folder, 0o777);
    assert.equal((await checkDeviceCache(named)).kind, 'note');
  });
});

describe('sensebind models plan', () => {
  it('measures once, and tells what fits', async (context) => {
    const stateHome = await temporaryFolder(context);
    const rates = ['--memory', '155MB', '--windows-per-second', 'imu=1000,text=0.5'];
    const args = ['models', 'plan', '--modalities', 'imu,text', ...rates];
    const { stdout, stderr } = await runCommand(args, { stateHome });
    assert.match(stderr, /measuring imu …\nmeasuring text …/);
    assert.match(stdout, /^imu +int8 +\d.* MB .* ms +1000 .*$/m);
    assert.match(stdout, /^text +int8 .* 0\.5 .*$/m);
    assert.match(stdout, /of 155 MB of memory/);
    // It asks the same figures again; had they to be measured, it would say so.
    const setup = (await Copies.in(stateHome)).setup('imu');
    const folder = path.join(stateHome, 'cache', 'sensebind', 'figures');
    const threads = threadsFor(setup, planThreads({}));
    const measured: string[] = [];
    const needs = await measureEncoder(setup, { threads, folder, onMeasure: (modality) => measured.push(modality) });
    assert.deepEqual([measured, needs.basis], [[], 'measured']);
    assert.ok(needs.privateBytes > 1e6 && needs.privateBytes < 100e6, 'memory of an encoder of 1 MB');
    await measureEncoder(setup, { threads: threads + 1, folder, onMeasure: (modality) => measured.push(modality) });
    assert.deepEqual(measured, ['imu'], 'other threads are another question');
    await measureEncoder(setup, { threads, folder, again: true, onMeasure: (modality) => measured.push(modality) });
    assert.deepEqual(measured, ['imu', 'imu'], 'asked for again');
  });

  it('refuses what makes no sense', async (context) => {
    const stateHome = await temporaryFolder(context);
    const { code } = await runCommand(['models', 'plan', '--json', '--windows-per-second=imu=-1'], { stateHome });
    assert.equal(code, 2);
  });
});
