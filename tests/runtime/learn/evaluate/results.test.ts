import assert from 'node:assert/strict';
import { rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Compile } from '#typebox/compile';
import {
  keepingResults,
  RESULTS_FILE,
  readResults,
  TrainingResults,
  writeResults,
} from '../../../../runtime/learn/evaluate/results';
import { temporaryFolder } from '../../../support/temporaryFolder';
import { resultsOf } from './storedResults';

const HASH = 'a'.repeat(64);

describe('stored results', () => {
  it('are given back for the bundle that they belong to', async (context) => {
    const folder = await temporaryFolder(context);
    await writeResults(folder, resultsOf(HASH));
    assert.ok(Compile(TrainingResults).Check(resultsOf(HASH)));
    assert.deepEqual(await readResults(folder, HASH), { status: 'stored', results: resultsOf(HASH) });
  });

  it('are refused for another bundle, with both hashes', async (context) => {
    const folder = await temporaryFolder(context);
    await writeResults(folder, resultsOf(HASH));
    const found = await readResults(folder, 'b'.repeat(64));
    assert.equal(found.status, 'refused');
    assert.match('reason' in found ? found.reason : '', /aaaaaaaaaaaa.*bbbbbbbbbbbb/);
  });

  it('are refused when they are something else, and absent when there are none', async (context) => {
    const folder = await temporaryFolder(context);
    assert.equal((await readResults(folder, HASH)).status, 'absent');
    for (const content of ['', '{', '{}', JSON.stringify({ ...resultsOf(HASH), runs: [{}] })]) {
      await writeFile(path.join(folder, RESULTS_FILE), content);
      assert.equal((await readResults(folder, HASH)).status, 'refused', content);
    }
  });

  it('stay where a bundle is made anew and is the same, and go where it is another', async (context) => {
    const folder = await temporaryFolder(context);
    for (const [made, expected] of [
      [HASH, 'stored'],
      ['b'.repeat(64), 'absent'],
    ] as const) {
      await writeResults(folder, resultsOf(HASH));
      const hash = await keepingResults(folder, async () => {
        await rm(path.join(folder, RESULTS_FILE));
        return made;
      });
      assert.equal(hash, made);
      assert.equal((await readResults(folder, made)).status, expected);
    }
  });

  it('are refused unread when they are absurdly large', async (context) => {
    const folder = await temporaryFolder(context);
    await writeResults(folder, resultsOf(HASH));
    await truncate(path.join(folder, RESULTS_FILE), 2 ** 40);
    assert.equal((await readResults(folder, HASH)).status, 'refused');
  });
});
