import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { MINI_NOTICE } from '../../models/mini/makeBundle';
import { repositoryRoot } from '../support/paths';
import { randomMiniBundle } from '../support/randomMiniBundle';

const run = promisify(execFile);

const CONFIG = `
version: 1
node: box
broker: { url: mqtt://localhost:1883 }
sources:
  mic0: { device: { kind: arecord } }
`;

describe('the packed package', () => {
  let folder: string;
  let unpacked: string;

  /** What of a clone goes into the package, and a bundle of random weights in the place of the shipped one. */
  before(async () => {
    folder = await realpath(await mkdtemp(path.join(tmpdir(), 'sensebind-package-')));
    const clone = path.join(folder, 'clone');
    await cp(path.join(repositoryRoot, 'package.json'), path.join(clone, 'package.json'));
    for (const part of ['runtime', 'devices', 'models', 'typebox']) {
      await cp(path.join(repositoryRoot, 'dist', part), path.join(clone, 'dist', part), {
        recursive: true,
        filter: (source) => path.extname(source) === '' || source.endsWith('.js'),
      });
    }
    await mkdir(path.join(clone, 'models', 'mini'), { recursive: true });
    await randomMiniBundle(path.join(clone, 'models', 'mini', 'bundle'));
    await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: clone });
    await run('sh', ['-c', 'tar -xzf *.tgz'], { cwd: folder });
    unpacked = path.join(folder, 'package');
    await symlink(path.join(repositoryRoot, 'node_modules'), path.join(unpacked, 'node_modules'));
    await rm(clone, { recursive: true });
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function sensebind(...args: readonly string[]): Promise<{ readonly stdout: string; readonly stderr: string }> {
    const main = path.join(unpacked, 'dist', 'runtime', 'cli', 'main.js');
    const env = { ...process.env, XDG_STATE_HOME: path.join(folder, 'state') };
    return run(process.execPath, [main, ...args], { env });
  }

  const shipped = () => path.join(unpacked, 'models', 'mini', 'bundle');

  it('embeds with the bundle that is shipped where none is named, and says what that knows', async () => {
    const { stdout, stderr } = await sensebind('embed', '--text', 'a barking dog', '--json');
    const { bundle, notice, embeddings } = JSON.parse(stdout);
    assert.deepEqual([bundle, notice, embeddings.length], [shipped(), MINI_NOTICE, 1]);
    assert.equal(stderr.split(MINI_NOTICE).length, 2, stderr);
  });

  it('compares with it under its name, and says once what it knows', async () => {
    const { stdout, stderr } = await sensebind('compare', '--text', 'a fire', 'a drone', '--bundle', 'mini');
    assert.match(stdout, /softmax/);
    assert.equal(`${stdout}${stderr}`.split(MINI_NOTICE).length, 2, stderr);
  });

  it('shows what it knows when it is inspected', async () => {
    const { stdout, stderr } = await sensebind('models', 'inspect', 'mini');
    assert.equal(stdout.split(MINI_NOTICE).length, 2, stdout);
    assert.doesNotMatch(stderr, /simulated world\./);
  });

  it('is what a configuration means that names no bundle, or mini; a folder of that name is ./mini', async () => {
    await cp(shipped(), path.join(folder, 'mini'), { recursive: true });
    for (const [line, expected] of [
      ['', shipped()],
      ['bundle: mini', shipped()],
      ['bundle: ./mini', path.join(folder, 'mini')],
    ]) {
      const file = path.join(folder, 'config.yaml');
      await writeFile(file, `${CONFIG}${line}\n`);
      const { stdout } = await sensebind('run', file, '--check', '--json');
      assert.equal(JSON.parse(stdout).config.bundle, expected, line);
    }
  });
});
