import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { openPromise } from 'yauzl';
import { openCheckpoint } from '../../../models/checkpoint/checkpoint';
import { randomStateDict } from '../../../models/checkpoint/randomStateDict';
import { writeStateDict } from '../../../models/checkpoint/writeStateDict';
import { repositoryRoot } from '../../support/paths';
import { refused } from '../../support/refused';
import { tensorsOf } from '../../support/tensorsOf';
import { bytesOf } from './craft';

let folder = '';
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'checkpoint-'));
});
after(() => rm(folder, { recursive: true }));

describe('the writer of state dicts', () => {
  it('writes what is read back, name for name and bit for bit', async () => {
    const shapes = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 4 });
    const names = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
    const layouts = fc.uniqueArray(fc.record({ name: names, shape: shapes }), {
      selector: ({ name }) => name,
      minLength: 1,
      maxLength: 6,
    });
    const file = path.join(folder, 'random.pth');
    await fc.assert(
      fc.asyncProperty(layouts, fc.integer(), async (layout, seed) => {
        const written = randomStateDict(layout, { seed });
        await writeStateDict(file, tensorsOf(written));
        const read = await openCheckpoint(file);
        assert.deepEqual([...read.tensors.keys()], [...written.tensors.keys()]);
        for (const { name, shape } of written.tensors.values()) {
          assert.deepEqual(read.tensors.get(name)?.shape, shape);
          assert.deepEqual(await read.readFloats(name), await written.readFloats(name));
          assert.deepEqual(await bytesOf(read, name), await bytesOf(written, name));
        }
        await read.close();
      }),
      { numRuns: 30 },
    );
  });

  it('cuts tensors above 4 MiB into pieces that are together whole', async () => {
    const layout = [{ name: 'large', shape: [3, 512, 1024] }];
    const file = path.join(folder, 'large.pth');
    await writeStateDict(file, tensorsOf(randomStateDict(layout, { seed: 5 })));
    const checkpoint = await openCheckpoint(file);
    const floats = await checkpoint.readFloats('large');
    assert.ok((await bytesOf(checkpoint, 'large')).equals(Buffer.from(floats.buffer)));
    await checkpoint.close();
  });

  it('stores and aligns entries as PyTorch does', async () => {
    const file = path.join(folder, 'aligned.pth');
    await writeStateDict(file, tensorsOf(randomStateDict([{ name: 'w', shape: [3, 5] }], { seed: 1 })));
    const torch = path.join(repositoryRoot, 'tests', 'models', 'checkpoint', 'fixtures', 'mixed.pth');
    const [ours, theirs] = [await entriesOf(file), await entriesOf(torch)];
    for (const { name, remainder, method } of [...ours, ...theirs]) assert.deepEqual([remainder, method], [0, 0], name);
    const kinds = (entries: typeof ours) => entries.map(({ name }) => name.replace(/^[^/]*|\d+$/g, ''));
    // That PyTorch was too old for `byteorder`.
    assert.deepEqual(new Set(kinds(ours)), new Set([...kinds(theirs), '/byteorder']));
  });

  it('says what it wrote', async () => {
    const file = path.join(folder, 'told.pth');
    const written = await writeStateDict(file, tensorsOf(randomStateDict([{ name: 'w', shape: [4] }], { seed: 1 })));
    const content = await readFile(file);
    const sha256 = createHash('sha256').update(content).digest('hex');
    assert.deepEqual(written, { path: file, bytes: content.length, sha256 });
  });

  it('leaves what was there when a tensor is not sound, and nothing else', async () => {
    const place = await mkdtemp(path.join(folder, 'whole-'));
    const file = path.join(place, 'weights.pth');
    const good = { name: 'w', shape: [2], numbers: Float32Array.of(1, 2) };
    await writeStateDict(file, [good]);
    const before = await readFile(file);
    const broken = function* (): Generator<typeof good> {
      yield good;
      throw new Error('no more');
    };
    await assert.rejects(writeStateDict(file, [good, good]), refused('CHECKPOINT_LAYOUT', /"w" twice/));
    await assert.rejects(writeStateDict(file, [{ ...good, shape: [3] }]), refused('CHECKPOINT_LAYOUT', /"w".*found 2/));
    await assert.rejects(writeStateDict(file, broken()), /no more/);
    assert.deepEqual(await readdir(place), ['weights.pth']);
    assert.deepEqual(await readFile(file), before);
  });
});

/** Entries of a zip, read by yauzl: where their data start modulo 64, and how they are compressed. */
async function entriesOf(
  file: string,
): Promise<readonly { readonly name: string; readonly remainder: number; readonly method: number }[]> {
  const zip = await openPromise(file, { lazyEntries: true });
  const entries = [];
  for await (const entry of zip.eachEntry()) {
    const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry);
    entries.push({ name: entry.fileName, remainder: fileDataStart % 64, method: entry.compressionMethod });
  }
  return entries;
}
