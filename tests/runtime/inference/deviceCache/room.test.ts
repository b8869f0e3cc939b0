import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { it } from 'node:test';
import { CopyStore } from '../../../../runtime/inference/deviceCache/store';
import { Copies } from '../../../support/deviceCopies';
import { smallDisk, withoutSmallDisk } from '../../../support/smallDisk';

/** Makes a copy that was last used at a time; returns its folder. */
async function made(copies: Copies, modality: string, usedSeconds: number): Promise<string> {
  const known = await copies.folders();
  assert.equal((await copies.make(modality)).kind, 'made');
  const folder = (await copies.folders()).find((each) => !known.includes(each)) ?? assert.fail();
  await utimes(folder, usedSeconds, usedSeconds);
  return folder;
}

it('on a short disk, copies that nobody can use make room before others', {
  skip: withoutSmallDisk,
}, async (context) => {
  const disk = await smallDisk(context, 24e6);
  const copies = await Copies.in(disk);
  const [old, stale] = [await made(copies, 'imu', 1000), await made(copies, 'depth', 2000)];
  const file = path.join(stale, 'entry.json');
  const entry = JSON.parse(await readFile(file, 'utf8'));
  await writeFile(file, JSON.stringify({ ...entry, key: { ...entry.key, runtime: '1.0.0' } }));

  const far = await Copies.in(disk, { keepFreeBytes: 23e6 });
  const refusal = await far.make('thermal');
  assert.match('reason' in refusal ? refusal.reason : '', /the disk is short/);
  assert.deepEqual([old, stale].map(existsSync), [true, true], 'none goes in vain');

  const free = await new CopyStore(copies.settings.folder).freeBytes();
  const near = await Copies.in(disk, { keepFreeBytes: free - 7e6 + 100_000 });
  assert.equal((await near.make('thermal', { expectedBytes: 7e6 })).kind, 'made');
  assert.deepEqual([old, stale].map(existsSync), [true, false]);
});
