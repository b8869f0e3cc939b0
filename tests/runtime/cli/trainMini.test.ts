import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { it } from 'node:test';
import { promisify } from 'node:util';
import { compiled } from '../../support/paths';
import { temporaryFolder } from '../../support/temporaryFolder';

const run = promisify(execFile);

it('a training with a wrong number of threads ends before it makes anything', async (context) => {
  const folder = await temporaryFolder(context);
  for (const threads of ['many', '0']) {
    const args = [compiled('runtime/cli/trainMini'), '--work', path.join(folder, 'work'), '--threads', threads];
    await assert.rejects(run(process.execPath, args), (error: { code: number; stderr: string }) => {
      assert.equal(error.code, 2);
      assert.match(error.stderr, /expected --threads with a whole number from 1 .*found/);
      return true;
    });
  }
  assert.deepEqual(await readdir(folder), []);
});
