import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { it } from 'node:test';
import { compiled } from '../support/paths';

it('the demonstration ends by itself, shows similarities, and says that they mean nothing', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'sensebind-demo-'));
  try {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [compiled('runtime/cli/main'), 'demo', '--for', '5s'],
      {
        encoding: 'utf8',
        env: { ...process.env, XDG_CACHE_HOME: folder, XDG_STATE_HOME: folder },
      },
    );
    assert.equal(status, 0, stderr);
    assert.match(stdout, /random weights/);
    assert.match(stdout, /mic0\/scores {2}house@1: cosine to "/);
    assert.match(stdout, /demo\/status {2}stopped/);
    assert.doesNotMatch(stdout, /\d %/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
