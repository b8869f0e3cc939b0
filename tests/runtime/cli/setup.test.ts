import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { readArchive } from '../../../models/checkpoint/archive';
import { bytesAccess } from '../../../models/checkpoint/randomAccess';
import { bundleFolder } from '../../../models/mini/location';
import { diskNeeds, requireDisks } from '../../../runtime/cli/models/setup/diskRoom';
import { parseModalities } from '../../../runtime/cli/models/setup/encoderSizes';
import { type SetupFlags, type SetupOutcome, setUpModel } from '../../../runtime/cli/models/setup/setUpModel';
import { readGoldenFolder } from '../../../runtime/cli/verify/goldenFolder';
import { runCase } from '../../../runtime/cli/verify/runCase';
import { stampOf } from '../../../runtime/fileStamp';
import { Engine } from '../../../runtime/inference/engine';
import { startCommand } from '../../support/command';
import { inEnvironment } from '../../support/environment';
import { type FileServer, servedBytes, startFileServer } from '../../support/fileServer';
import { collect } from '../../support/output';
import { compiled, golden } from '../../support/paths';
import { refused } from '../../support/refused';
import { withoutScript } from '../../support/script';
import { smallDisk, withoutSmallDisk } from '../../support/smallDisk';
import { temporaryFolder } from '../../support/temporaryFolder';

interface Place {
  readonly home: string;
  readonly server: FileServer;
  /** Where the checkpoint goes. */
  readonly checkpoint: string;
  /** Where the bundle goes. */
  readonly folder: string;
  /** As the command does, for a program, agreed to everything. */
  setUp(flags: Partial<SetupFlags>): Promise<SetupOutcome>;
  /** The command itself. */
  start(...flags: readonly string[]): ReturnType<typeof startCommand>;
}

/** A home folder where the golden checkpoint will be taken for what it is: its sizes are not those of the published one. */
async function place(context: TestContext): Promise<Place> {
  const home = await temporaryFolder(context);
  const environment = { XDG_STATE_HOME: home, XDG_DATA_HOME: path.join(home, 'data'), XDG_CACHE_HOME: home };
  inEnvironment(context, environment);
  const server = await startFileServer(context, servedBytes(await readFile(golden('imagebind_tiny.pth'))));
  const checkpoint = path.join(home, 'data', 'sensebind', 'checkpoints', 'imagebind_huge.pth');
  await mkdir(path.dirname(checkpoint), { recursive: true });
  await copyFile(golden('golden.json'), checkpoint.replace(/pth$/, 'json'));
  const agreed = { url: server.url, json: true, acceptLicence: true, yes: true, deviceCache: true, precision: 'int8' };
  // The command measures: it takes a second of each core.
  const measure = async () => ({ operationsPerSecond: 5e10, threads: 2 });
  return {
    home,
    server,
    checkpoint,
    folder: path.join(home, 'data', 'sensebind', 'bundles', 'imagebind'),
    setUp: (flags) =>
      setUpModel({ ...agreed, modalities: 'imu', ...flags }, { signal: new AbortController().signal, measure }),
    start: (...flags) =>
      startCommand(['models', 'setup', 'imagebind', '--url', server.url, ...flags], { stateHome: home, environment }),
  };
}

/** Resolves when a folder has an entry of that name; the folder may not be there yet. */
async function appeared(folder: string, name: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await new Promise<void>((resolve) => {
    const watcher = watch(folder);
    const look = (): void => {
      readdir(folder).then((names) => {
        if (!names.includes(name)) return;
        watcher.close();
        resolve();
      }, assert.fail);
    };
    watcher.on('change', look);
    look();
  });
}

/**
 * Makes every tensor of a downloaded checkpoint NaN, so that whoever converts it again fails; its time stays, and what is
 * recorded of it says that nobody has touched it.
 */
async function spoil(file: string): Promise<void> {
  const { mtimeMs } = await stat(file);
  const bytes = await readFile(file);
  const { storages } = await readArchive(bytesAccess(bytes));
  for (const { position, byteLength } of storages.values()) {
    // One number alone is a logit scale, which is read before.
    if (byteLength > 4) bytes.fill(0xff, position, position + byteLength);
  }
  await writeFile(file, bytes);
  await utimes(file, mtimeMs / 1000, mtimeMs / 1000);
  const record = `${file}.download.json`;
  const recorded = JSON.parse(await readFile(record, 'utf8'));
  await writeFile(record, JSON.stringify({ ...recorded, stamp: await stampOf(file) }));
}

describe('sensebind models setup', () => {
  it('goes from nothing to a bundle with the numbers of the reference, which its name finds', async (context) => {
    const { setUp, server, folder, checkpoint } = await place(context);
    const flags = { modalities: 'audio,imu,thermal,text', precision: 'fp32', deleteCheckpoint: true };
    const { bundle, name, checkpoint: left, encoders, forecast } = await setUp(flags);
    assert.deepEqual([bundle.directory, name, left], [folder, 'imagebind', null]);
    assert.equal(bundleFolder(name), folder);
    assert.equal(bundle.manifest.licence.name, 'CC BY-NC-SA 4.0');
    assert.equal(encoders.length, 4);
    for (const { length } of encoders) assert.ok(Math.abs(length - 1) < 1e-6);
    assert.equal(forecast?.encoders.length, 4);

    const engine = await Engine.open(bundle, { deviceCache: 'off' });
    context.after(() => engine.close());
    const { directory, cases } = await readGoldenFolder(golden('.'));
    const compared = cases.filter(
      ({ kind, modality = '' }) => kind === 'encoder' && modality in bundle.manifest.encoders,
    );
    assert.equal(compared.length, 4);
    for (const each of compared) {
      const found = await runCase(each, { directory, engineFor: async () => engine });
      assert.deepEqual([found.problem, found.ok], [undefined, true], `${found.name}: ${found.deviation}`);
    }

    const kept = ['imagebind_huge.json', 'imagebind_huge.pth.licence.json'];
    assert.deepEqual((await readdir(path.dirname(checkpoint))).sort(), kept);
    assert.equal(server.requests.length, 1);
  });

  it('shows what it will take before anything is done, and does nothing where nobody can say yes', async (context) => {
    const { start, setUp, server, home } = await place(context);
    await assert.rejects(setUp({ acceptLicence: false }), refused('LICENCE_NOT_ACCEPTED'));
    const result = await start('--accept-licence', '--modalities', 'audio,imu,thermal').result;
    assert.equal(result.code, 2);
    assert.match(result.stderr, /expected --yes/);
    // Sizes of the published encoders: reference/imagebind.md, numbers per modality.
    assert.match(result.stdout, /encoder +on disk +memory +with device cache +one forward/);
    assert.match(result.stdout, /audio int8 +90\.5 MB/);
    assert.match(result.stdout, /imu int8 +20\.6 MB/);
    assert.match(result.stdout, /estimated for this machine/);
    assert.match(result.stdout, /to download: 4\.80 GB/);
    assert.match(result.stdout, /disk of .*: takes .* on the way, .* are free/);
    assert.deepEqual(server.requests, []);
    assert.deepEqual(await readdir(path.join(home, 'data', 'sensebind')), ['checkpoints']);
  });

  it('calibrates int8 with the recordings that are named', async (context) => {
    const { setUp, home, folder } = await place(context);
    const calibration = path.join(home, 'recordings');
    await mkdir(calibration);
    await assert.rejects(setUp({ calibration }), refused('CALIBRATION_INVALID', /recordings/));
    await assert.rejects(setUp({ calibration, precision: 'fp32' }), { name: 'UsageError' });
    await assert.rejects(stat(folder), { code: 'ENOENT' });
  });

  it('makes int8, goes on after kill -9, and does not repeat what is finished', async (context) => {
    const { start, setUp, server, checkpoint, folder } = await place(context);
    const modalities = 'imu,thermal';
    const killed = start('--accept-licence', '--yes', '--modalities', modalities, '--precision', 'int8');
    await appeared(`${folder}.setup`, 'fp32');
    killed.process.kill('SIGKILL');
    await killed.result;
    await spoil(checkpoint);
    const { bundle, checkpoint: left } = await setUp({ modalities });
    assert.equal(left, checkpoint);
    for (const { precision, quantization } of Object.values(bundle.manifest.encoders)) {
      assert.equal(precision, 'int8');
      assert.ok((quantization?.heldBack.worstCosine ?? 0) >= 0.99);
    }
    assert.deepEqual(await readdir(path.dirname(folder)), ['imagebind']);
    assert.equal(server.requests.length, 1);
  });

  it('takes a checkpoint that is here, and leaves it alone', async (context) => {
    const { setUp, server, home } = await place(context);
    const checkpoint = path.join(home, 'mine.pth');
    await copyFile(golden('imagebind_tiny.pth'), checkpoint);
    await copyFile(golden('golden.json'), path.join(home, 'mine.json'));
    const flags = { checkpoint, to: path.join(home, 'mine'), deleteCheckpoint: true };
    const { bundle, name } = await setUp({ ...flags, precision: 'fp16' });
    assert.equal(name, bundle.directory);
    // Nothing of it is done again, and nothing asked.
    const again = await setUp({ ...flags, precision: 'fp16', yes: false });
    assert.deepEqual([again.forecast, again.encoders.length], [null, 1]);
    assert.deepEqual(await readFile(checkpoint), await readFile(golden('imagebind_tiny.pth')));
    await assert.rejects(setUp({ ...flags, precision: 'fp32' }), refused('OUTPUT_EXISTS'));
    // Trained on: the bundle that is there is not of this file.
    await utimes(checkpoint, 1e9, 1e9);
    await assert.rejects(setUp({ ...flags, precision: 'fp16' }), refused('OUTPUT_EXISTS'));
    const { encoders } = await setUp({ ...flags, precision: 'fp32', force: true });
    assert.deepEqual(
      encoders.map(({ precision }) => precision),
      ['fp32'],
    );
    assert.deepEqual(server.requests, []);
  });

  it('asks on a terminal whether to go on, and whether to keep the checkpoint', {
    skip: withoutScript,
  }, async (context) => {
    const { server, checkpoint, home, folder } = await place(context);
    const args = `models setup --url ${server.url} --modalities imu --precision fp16 --no-device-cache`;
    const command = `${process.execPath} ${compiled('runtime/cli/main')} ${args}`;
    const child = spawn('script', ['-qec', command, '/dev/null'], {
      env: { ...process.env, XDG_STATE_HOME: home, XDG_DATA_HOME: path.join(home, 'data') },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const output = collect(child.stdout);
    const ended = once(child, 'close');
    for (const [question, answer] of [
      [/Do you accept the licence .*\? \[yes\/no\]/, 'yes\r'],
      [/Go on\? \[yes\/no\]/, 'y\r'],
      [/Keep the checkpoint .*\? \[yes\/no\]/, 'no\r'],
    ] as const) {
      await Promise.race([output.until(question), ended]);
      assert.match(output.text, question);
      child.stdin.write(answer);
    }
    await ended;
    assert.match(output.text, /each gives unit vectors here/);
    assert.equal((await readdir(path.dirname(checkpoint))).includes('imagebind_huge.pth'), false);
    assert.ok((await readdir(folder)).includes('imu.onnx'));
  });

  it('refuses modalities and precisions that there are not', async (context) => {
    const { setUp } = await place(context);
    await assert.rejects(setUp({ precision: 'int4' }), { name: 'UsageError' });
    for (const text of ['audio,smell', 'audio,audio', '', 'audio,']) {
      assert.throws(() => parseModalities(text), { name: 'UsageError' }, text);
    }
    assert.deepEqual(parseModalities('imu, audio'), ['audio', 'imu']);
  });
});

describe('room for a setup', { skip: withoutSmallDisk }, () => {
  it('is counted for each disk, also where folders are not there yet', async (context) => {
    const small = await smallDisk(context, 2 ** 20);
    const large = await temporaryFolder(context);
    const needs = await diskNeeds([
      { folder: path.join(small, 'not', 'there'), bytes: 400_000 },
      { folder: large, bytes: 1000 },
      { folder: small, bytes: 500_000 },
    ]);
    assert.deepEqual(
      needs.map(({ neededBytes }) => neededBytes),
      [900_000, 1000],
    );
    requireDisks(needs);
    const short = await diskNeeds([{ folder: small, bytes: 2_000_000 }]);
    assert.throws(() => requireDisks(short), refused('DISK_FULL', /Expected 2\.00 MB free on the disk of/));
  });
});
