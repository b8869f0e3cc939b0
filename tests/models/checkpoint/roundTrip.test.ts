import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { openCheckpoint } from '../../../models/checkpoint/checkpoint';
import { randomStateDict } from '../../../models/checkpoint/randomStateDict';
import { writeCheckpoint } from '../../support/checkpointWriter';
import { bytesOf } from './craft';

let folder = '';
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'checkpoint-'));
});
after(() => rm(folder, { recursive: true }));

describe('the writer of random checkpoints', () => {
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
        await writeCheckpoint(written, file);
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
    await writeCheckpoint(randomStateDict(layout, { seed: 5 }), file);
    const checkpoint = await openCheckpoint(file);
    const floats = await checkpoint.readFloats('large');
    assert.ok((await bytesOf(checkpoint, 'large')).equals(Buffer.from(floats.buffer)));
    await checkpoint.close();
  });
});
