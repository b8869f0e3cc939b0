import assert from 'node:assert/strict';
import { watch } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { StateDict } from '../../../models/checkpoint/stateDict';
import { type NamedTensor, writeStateDict } from '../../../models/checkpoint/writeStateDict';
import { errorCode, runCommand, startCommand } from '../../support/command';
import { withTinyCheckpoint } from '../../support/imuBundle';
import { golden } from '../../support/paths';
import { temporaryFolder } from '../../support/temporaryFolder';
import { tensorsOf } from '../../support/tensorsOf';

const VARIANT = ['--variant', golden('golden.json')];
const IMU_BIAS = 'modality_heads.imu.0.bias';

interface Place {
  readonly folder: string;
  readonly out: string;
  convert(checkpoint: string, ...flags: readonly string[]): ReturnType<typeof runCommand>;
}

async function place(context: TestContext): Promise<Place> {
  const stateHome = await temporaryFolder(context);
  const folder = path.join(stateHome, 'work');
  await mkdir(folder);
  const out = path.join(folder, 'bundle');
  const convert: Place['convert'] = (checkpoint, ...flags) =>
    runCommand(['models', 'convert', checkpoint, out, ...VARIANT, ...flags], { stateHome });
  return { folder, out, convert };
}

/** The golden checkpoint with one tensor changed, as a file. */
async function damagedCheckpoint(
  file: string,
  damage: { readonly numbers?: Float32Array; readonly shape?: readonly number[] },
): Promise<void> {
  await withTinyCheckpoint(async (checkpoint) => {
    await writeStateDict(file, damagedTensors(checkpoint, damage));
  });
}

async function* damagedTensors(
  checkpoint: StateDict,
  damage: { readonly numbers?: Float32Array; readonly shape?: readonly number[] },
): AsyncGenerator<NamedTensor> {
  for await (const tensor of tensorsOf(checkpoint)) {
    const { shape = tensor.shape } = damage;
    const elements = shape.reduce((product, size) => product * size, 1);
    if (tensor.name !== IMU_BIAS) yield tensor;
    else yield { name: IMU_BIAS, shape, numbers: damage.numbers ?? new Float32Array(elements) };
  }
}

/** Resolves when the first weights are being written; gives the folder that the bundle grows in. */
async function growing(folder: string): Promise<string> {
  const inside = await nameIn(folder, /^\.bundle\.sensebind-new-/);
  await nameIn(path.join(folder, inside), /\.partial$/);
  return path.join(folder, inside);
}

/** The first name of that form in a folder, as soon as there is one. */
function nameIn(folder: string, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    const watcher = watch(folder);
    const look = (): void => {
      readdir(folder).then((names) => {
        const found = names.find((name) => pattern.test(name));
        if (found === undefined) return;
        watcher.close();
        resolve(found);
      }, reject);
    };
    watcher.on('change', look).on('error', reject);
    look();
  });
}

describe('sensebind models convert', () => {
  it('shows the licence, sizes, space and what to do next; as JSON the manifest that it wrote', async (context) => {
    const { out, convert } = await place(context);
    const shown = await convert(golden('imagebind_tiny.pth'), '--modalities', 'imu, audio', '--licence', 'MIT');
    assert.equal(shown.code, 0, shown.stderr);
    assert.match(shown.stderr, /Licence of the weights: MIT/);
    assert.match(shown.stdout, /imu +\d+ +\d+ kB +fp32 +ego4d/);
    assert.match(shown.stdout, /space imagebind:[0-9a-f]{32}/);
    assert.match(shown.stdout, /try: sensebind compare/);
    const again = await convert(golden('imagebind_tiny.pth'), '--json');
    assert.deepEqual([again.code, errorCode(again)], [1, 'OUTPUT_EXISTS']);
    const forced = await convert(
      golden('imagebind_tiny.pth'),
      '--force',
      '--json',
      '--modalities',
      'imu',
      '--untrained',
    );
    assert.equal(forced.code, 0, forced.stdout);
    const { manifest } = JSON.parse(forced.stdout);
    assert.deepEqual(manifest, JSON.parse(await readFile(path.join(out, 'manifest.json'), 'utf8')));
    assert.equal(manifest.trained, false);
    assert.equal(forced.stderr, '');
  });

  it('takes the variant beside the checkpoint, else the published one with its licence', async (context) => {
    const { folder, out } = await place(context);
    const file = path.join(folder, 'tiny.pth');
    await copyFile(golden('imagebind_tiny.pth'), file);
    const stateHome = path.join(folder, 'state');
    await copyFile(golden('golden.json'), path.join(folder, 'tiny.json'));
    const beside = await runCommand(['models', 'convert', file, out, '--modalities', 'imu', '--json'], { stateHome });
    assert.equal(beside.code, 0, beside.stdout);
    assert.equal(JSON.parse(beside.stdout).manifest.variant, 'tiny');
    const published = await runCommand(
      ['models', 'convert', golden('imagebind_tiny.pth'), out, '--modalities', 'imu', '--force', '--json'],
      { stateHome },
    );
    assert.equal(published.code, 0, published.stdout);
    const { manifest } = JSON.parse(published.stdout);
    assert.equal(manifest.variant, 'imagebind_huge');
    assert.equal(manifest.licence.name, 'CC BY-NC-SA 4.0');
    assert.match(manifest.licence.text, /not intended for any real-world application/);
  });

  it('refuses damaged checkpoints with a typed error, and leaves no folder', async (context) => {
    const { folder, convert } = await place(context);
    const file = path.join(folder, 'damaged.pth');
    const cases: readonly [code: string, prepare: () => Promise<void>][] = [
      ['CHECKPOINT_NOT_FINITE', () => damagedCheckpoint(file, { numbers: new Float32Array(32).fill(Number.NaN) })],
      ['CHECKPOINT_LAYOUT', () => damagedCheckpoint(file, { shape: [31] })],
      ['CHECKPOINT_CORRUPT', () => copyFile(golden('imagebind_tiny.pth'), file).then(() => truncate(file, 3_000_000))],
      ['CHECKPOINT_CORRUPT', () => writeFile(file, 'no zip at all')],
    ];
    for (const [code, prepare] of cases) {
      await prepare();
      const result = await convert(file, '--modalities', 'imu', '--json');
      assert.deepEqual([result.code, errorCode(result)], [1, code], result.stdout);
      assert.deepEqual(await readdir(folder), ['damaged.pth'], code);
    }
  });

  it('that is interrupted ends with 130 and leaves nothing', async (context) => {
    const { folder, out } = await place(context);
    const start = growing(folder);
    const command = startCommand(['models', 'convert', golden('imagebind_tiny.pth'), out, ...VARIANT, '--json'], {
      stateHome: path.join(folder, '..'),
    });
    await start;
    command.process.kill('SIGINT');
    const result = await command.result;
    assert.deepEqual([result.code, errorCode(result)], [130, 'INTERRUPTED'], result.stderr);
    assert.deepEqual(await readdir(folder), []);
  });

  it('that is killed leaves no bundle; the next run removes the rest and succeeds', async (context) => {
    const { folder, out, convert } = await place(context);
    const start = growing(folder);
    const command = startCommand(['models', 'convert', golden('imagebind_tiny.pth'), out, ...VARIANT], {
      stateHome: path.join(folder, '..'),
    });
    const left = await start;
    command.process.kill('SIGKILL');
    await command.result;
    assert.deepEqual(await readdir(folder), [path.basename(left)]);
    const again = await convert(golden('imagebind_tiny.pth'), '--modalities', 'imu', '--json');
    assert.equal(again.code, 0, again.stdout);
    assert.deepEqual(await readdir(folder), ['bundle']);
  });

  it('takes a wrong precision for a wrong command line', async (context) => {
    const { convert } = await place(context);
    const result = await convert(golden('imagebind_tiny.pth'), '--precision', 'int2', '--json');
    assert.deepEqual([result.code, errorCode(result)], [2, 'USAGE']);
  });
});
