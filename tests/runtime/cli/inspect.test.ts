import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { compiled, golden } from '../../support/paths';

describe('sensebind models inspect', () => {
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

  it('inspects a checkpoint and a bundle', () => {
    const checkpoint = JSON.parse(
      sensebind('models', 'inspect', golden('imagebind_tiny.pth'), '--variant', golden('golden.json'), '--json').stdout,
    );
    assert.equal(checkpoint.encoders.length, 6);
    assert.ok(checkpoint.encoders.every((encoder: object) => !('problem' in encoder)));
    assert.equal(JSON.parse(sensebind('models', 'inspect', bundle, '--json').stdout).verified, true);
  });
});
