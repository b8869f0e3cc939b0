import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { compiled, golden, repositoryRoot } from '../../support/paths';

const SOUND = path.join(repositoryRoot, 'examples', 'sounds', 'door.wav');

describe('sensebind on the command line', () => {
  let folder: string;
  let bundle: string;
  const environment = () => ({ ...process.env, XDG_STATE_HOME: path.join(folder, 'state') });

  function sensebind(...args: readonly string[]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [compiled('runtime/cli/main'), ...args], {
      encoding: 'utf8',
      env: environment(),
      maxBuffer: 2 ** 26,
    });
    return { status, stdout, stderr };
  }

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'sensebind-cli-'));
    bundle = path.join(folder, 'bundle');
    const made = sensebind(
      'models',
      'convert',
      golden('imagebind_tiny.pth'),
      bundle,
      '--variant',
      golden('golden.json'),
      '--untrained',
      '--json',
    );
    assert.equal(made.status, 0, made.stdout + made.stderr);
  });
  after(() => rm(folder, { recursive: true }));

  it('verifies the golden data', () => {
    const { status, stdout } = sensebind('models', 'verify', '--golden', golden(''), '--json');
    const { ok, cases } = JSON.parse(stdout);
    assert.ok(ok, JSON.stringify(cases, null, 1));
    assert.equal(status, 0);
    assert.ok(cases.length >= 26);
  });

  it('tells a golden output that was changed', async () => {
    const doctored = path.join(folder, 'doctored');
    await cp(golden(''), doctored, {
      recursive: true,
      filter: (source) => !/image_|audio_|thermal_|depth_/.test(path.basename(source)),
    });
    const { config, cases } = JSON.parse(await readFile(golden('golden.json'), 'utf8'));
    const imu = cases.filter(
      (found: { kind: string; modality?: string }) => found.kind === 'imu' || found.modality === 'imu',
    );
    await writeFile(path.join(doctored, 'golden.json'), JSON.stringify({ config, cases: imu }));
    const output = path.join(doctored, 'imu_100_out.npy');
    const bytes = await readFile(output);
    bytes.writeFloatLE(bytes.readFloatLE(1128) + 0.01, 1128);
    await writeFile(output, bytes);
    const { status, stdout } = sensebind('models', 'verify', '--golden', doctored, '--json');
    const failed = JSON.parse(stdout).cases.filter(({ ok }: { ok: boolean }) => !ok);
    assert.equal(status, 1);
    assert.deepEqual(
      failed.map(({ name }: { name: string }) => name),
      ['imu imu_100_in.npy'],
    );
  });

  it('fails on a folder without golden data', () => {
    const { status, stdout } = sensebind('models', 'verify', '--golden', folder, '--json');
    assert.equal(status, 1);
    assert.equal(JSON.parse(stdout).error.code, 'GOLDEN_INVALID');
  });

  it('converts nothing from a damaged checkpoint', async () => {
    const damaged = path.join(folder, 'damaged.pth');
    await writeFile(damaged, (await readFile(golden('imagebind_tiny.pth'))).subarray(0, 1_000_000));
    const { status, stdout } = sensebind('models', 'convert', damaged, path.join(folder, 'nothing'), '--json');
    assert.equal(status, 1);
    assert.match(JSON.parse(stdout).error.code, /^CHECKPOINT_/);
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.includes('nothing')),
      [],
    );
  });

  it('succeeds after a conversion that was killed', async () => {
    const output = path.join(folder, 'killed');
    const args = [
      compiled('runtime/cli/main'),
      'models',
      'convert',
      golden('imagebind_tiny.pth'),
      output,
      '--variant',
      golden('golden.json'),
    ];
    const child = spawn(process.execPath, args, { env: environment(), stdio: 'ignore' });
    const exited = once(child, 'exit');
    while (child.exitCode === null && !(await readdir(folder)).some((name) => name.startsWith('.killed'))) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    child.kill('SIGKILL');
    await exited;
    const again = sensebind(...args.slice(1), '--force', '--json');
    assert.equal(again.status, 0, again.stdout);
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.startsWith('.killed')),
      [],
    );
  });

  it('inspects a checkpoint and a bundle', () => {
    const checkpoint = JSON.parse(
      sensebind('models', 'inspect', golden('imagebind_tiny.pth'), '--variant', golden('golden.json'), '--json').stdout,
    );
    assert.equal(checkpoint.encoders.length, 6);
    assert.ok(checkpoint.encoders.every((encoder: object) => !('problem' in encoder)));
    assert.equal(JSON.parse(sensebind('models', 'inspect', bundle, '--json').stdout).verified, true);
  });

  it('embeds files and text as unit vectors of one space', () => {
    const files = [golden('image_101x303.png'), SOUND];
    const { status, stdout } = sensebind('embed', ...files, '--text', 'a dog', '--bundle', bundle, '--json');
    assert.equal(status, 0);
    const { embeddings, trained } = JSON.parse(stdout);
    assert.equal(trained, false);
    assert.deepEqual(
      embeddings.map(({ modality }: { modality: string }) => modality),
      ['vision', 'audio', 'text'],
    );
    for (const { vector } of embeddings) assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-5);
    assert.equal(new Set(embeddings.map(({ space }: { space: string }) => space)).size, 1);
  });

  it('compares modalities, and says that random weights mean nothing', () => {
    const { status, stdout, stderr } = sensebind(
      'compare',
      '--audio',
      SOUND,
      '--text',
      'a dog',
      'a car',
      '--bundle',
      bundle,
    );
    assert.equal(status, 0, stderr);
    assert.match(stdout + stderr, /mean nothing/);
    assert.match(stdout, /a car/);
  });

  it('ends with 2 on a wrong command line, and says what is missing', () => {
    assert.equal(sensebind('models', 'convert').status, 2);
    const { status, stderr } = sensebind('embed', SOUND);
    assert.equal(status, 2);
    assert.match(stderr, /--bundle/);
  });
});
