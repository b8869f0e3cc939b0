import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { dictPickle, tensorOf } from '../../../models/checkpoint/pickleWriter';
import { verifyContent } from '../../../models/checkpoint/verifyContent';
import { golden } from '../../support/paths';
import { refused } from '../../support/refused';
import { temporaryFolder } from '../../support/temporaryFolder';
import { type CraftedEntry, craftZip, FOUR_FLOATS, soundEntries, TWO_BY_TWO } from './craft';
import { craftSafetensors, floatsAt } from './craftSafetensors';

describe('the sums in a checkpoint', () => {
  async function written(context: TestContext, bytes: Uint8Array): Promise<string> {
    const file = path.join(await temporaryFolder(context), 'weights');
    await writeFile(file, bytes);
    return file;
  }

  /** Two tensors; the sums of some of them are wrong. */
  function twoTensors(wrong: readonly string[]): Buffer {
    const pickle = dictPickle([
      ['a', tensorOf(TWO_BY_TWO)],
      ['b', tensorOf({ ...TWO_BY_TWO, storageKey: '1' })],
    ]);
    const entries: CraftedEntry[] = [...soundEntries({ pickle }), { name: 'archive/data/1', data: FOUR_FLOATS }];
    return craftZip(entries.map((entry) => (wrong.includes(entry.name) ? { ...entry, central: { crc32: 1 } } : entry)));
  }

  it('vouch for what PyTorch wrote, to the last byte', async () => {
    let last: readonly number[] = [];
    const { soundBytes, unknownBytes } = await verifyContent(golden('imagebind_tiny.pth'), {
      onBytes: (...done) => {
        last = done;
      },
    });
    assert.equal(unknownBytes, 0);
    assert.deepEqual(last, [soundBytes, soundBytes]);
    // The file has its directory, pickle and headers beside them.
    assert.ok(soundBytes > 4_500_000 && soundBytes < 5_051_566);
  });

  it('find one tensor that was changed', async (context) => {
    const file = await written(context, twoTensors(['archive/data/1']));
    await assert.rejects(verifyContent(file), refused('CHECKPOINT_CORRUPT', /content of data\/1/));
  });

  it('say nothing of an archive that was written without, nor of safetensors', async (context) => {
    const without = await written(context, twoTensors(['archive/data/0', 'archive/data/1']));
    assert.deepEqual(await verifyContent(without), { soundBytes: 0, unknownBytes: 32 });
    const safetensors = craftSafetensors({ a: floatsAt(0, 4) }, FOUR_FLOATS);
    const other = await written(context, safetensors);
    assert.deepEqual(await verifyContent(other), { soundBytes: 0, unknownBytes: safetensors.length });
  });
});
