import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { it } from 'node:test';
import { promisify } from 'node:util';
import { systemClock } from '../../../runtime/clock';
import { trainMini } from '../../../runtime/learn/train/mini';
import { MINI_RECIPE } from '../../../runtime/learn/train/miniRecipe';
import { compiled } from '../../support/paths';
import { refused } from '../../support/refused';
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

it('a training whose bundle would replace something else ends before it makes anything', async (context) => {
  const folder = await temporaryFolder(context);
  const bundle = path.join(folder, 'photos');
  await mkdir(bundle);
  await writeFile(path.join(bundle, 'dog.jpg'), '');
  const work = path.join(folder, 'work');
  const options = { recipe: MINI_RECIPE, folder: work, bundle, scenes: { root: work }, threads: 1, clock: systemClock };
  await assert.rejects(
    trainMini({ ...options, onProgress: () => assert.fail('it trains') }),
    refused('OUTPUT_EXISTS', /no bundle/),
  );
  assert.deepEqual(await readdir(folder), ['photos']);
});
