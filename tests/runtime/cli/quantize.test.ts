import assert from 'node:assert/strict';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { errorCode, runCommand } from '../../support/command';
import { convertImu } from '../../support/imuBundle';
import { golden } from '../../support/paths';
import { temporaryFolder } from '../../support/temporaryFolder';

interface Place {
  readonly folder: string;
  readonly bundle: string;
  readonly out: string;
  run(...args: readonly string[]): ReturnType<typeof runCommand>;
}

async function place(context: TestContext): Promise<Place> {
  const stateHome = await temporaryFolder(context);
  const folder = path.join(stateHome, 'work');
  const bundle = path.join(folder, 'bundle');
  await mkdir(folder);
  await convertImu(bundle);
  return { folder, bundle, out: path.join(folder, 'int8'), run: (...args) => runCommand(args, { stateHome }) };
}

describe('sensebind models quantize', () => {
  it('shows sizes, cosines and time, and inspect says the same of the bundle later', async (context) => {
    const { bundle, out, run } = await place(context);
    const { code, stdout, stderr } = await run('models', 'quantize', bundle, out);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /encoder +before +after +worst cosine +mean cosine +time +layers in fp32/);
    const row = /imu +\d+ kB +\d+ kB +(0\.99\d{3}|1\.00000) +\S+ +[\d.]+× as fast +0 of 9/.exec(stdout);
    assert.ok(row, stdout);
    assert.match(stdout, /16 generated scenes of the simulated world: 8 inputs to calibrate, as many held back/);
    assert.match(stderr, /imu: observe …\nimu: write …\nimu: compare …\nimu: time …/);
    const inspected = await run('models', 'inspect', out);
    assert.match(inspected.stdout, /imu +\d+ +\d+ kB +int8/);
    assert.ok(inspected.stdout.includes(`imu has 9 layers for int8: worst cosine ${row[1]} on 8 held-back inputs`));
  });

  it('refuses calibration inputs that are not there, and leaves nothing', async (context) => {
    const { folder, bundle, out, run } = await place(context);
    const result = await run('models', 'quantize', bundle, out, '--json', '--calibration', path.join(folder, 'none'));
    assert.deepEqual([result.code, errorCode(result)], [1, 'CALIBRATION_INVALID']);
    assert.deepEqual(await readdir(folder), ['bundle']);
  });
});

describe('sensebind models convert --precision int8', () => {
  it('writes int8 encoders, of whose fp32 ones nothing stays, and answers with figures and manifest', async (context) => {
    const { folder, out, run } = await place(context);
    const checkpoint = [golden('imagebind_tiny.pth'), out, '--variant', golden('golden.json'), '--modalities', 'imu'];
    const result = await run('models', 'convert', ...checkpoint, '--precision', 'int8', '--json');
    assert.equal(result.code, 0, result.stderr);
    const { folder: written, encoders, manifest } = JSON.parse(result.stdout);
    assert.equal(written, out);
    assert.deepEqual([encoders[0].modality, encoders[0].int8Layers], ['imu', 9]);
    assert.ok(encoders[0].time.ratio > 0 && encoders[0].time.asInEngine);
    assert.equal(manifest.encoders.imu.precision, 'int8');
    assert.deepEqual(manifest, JSON.parse(await readFile(path.join(out, 'manifest.json'), 'utf8')));
    assert.deepEqual((await readdir(folder)).sort(), ['bundle', 'int8']);
  });
});
