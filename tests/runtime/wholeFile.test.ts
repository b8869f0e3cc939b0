import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { writeWholeFile } from '../../runtime/wholeFile';
import { refused } from '../support/refused';
import { temporaryFolder } from '../support/temporaryFolder';

describe('a small file that is written whole', () => {
  it('holds what was written last, however many write at once, and leaves nothing beside it', async (context) => {
    const folder = path.join(await temporaryFolder(context), 'state');
    const file = path.join(folder, 'state.json');
    await Promise.all(Array.from({ length: 50 }, (_, index) => writeWholeFile(file, `${index}`.repeat(1000))));
    assert.equal(await readFile(file, 'utf8'), '49'.repeat(1000));
    assert.deepEqual(await readdir(folder), ['state.json']);
  });

  it('can be written after a write that failed', async (context) => {
    const folder = await temporaryFolder(context);
    const file = path.join(folder, 'a', 'b');
    await writeWholeFile(path.join(folder, 'a'), 'no folder');
    await Promise.all([
      assert.rejects(writeWholeFile(file, 'one'), refused('FILE_UNWRITABLE')),
      assert.rejects(writeWholeFile(file, 'two'), refused('FILE_UNWRITABLE')),
    ]);
    await writeWholeFile(path.join(folder, 'c'), 'three');
    assert.equal(await readFile(path.join(folder, 'c'), 'utf8'), 'three');
  });
});
