import assert from 'node:assert/strict';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { openCheckpoint } from '../../../models/checkpoint/checkpoint';
import { dictPickle, tensorOf } from '../../../models/checkpoint/pickleWriter';
import { Scratch } from '../../../models/streaming/scratch';
import { isSensebindError } from '../../../runtime/errors';
import { golden, repositoryRoot } from '../../support/paths';
import { bytesOf, craftZip, readAll, soundEntries, TWO_BY_TWO } from './craft';

let folder = '';
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'checkpoint-'));
});
after(() => rm(folder, { recursive: true }));

describe('tensors that PyTorch wrote in other types and orders', () => {
  for (const file of ['mixed.pth', 'mixedProtocol4.pth']) {
    it(`reads ${file}`, async () => {
      const fixture = path.join(repositoryRoot, 'tests', 'models', 'checkpoint', 'fixtures', file);
      const checkpoint = await openCheckpoint(fixture);
      // fixtures/README.md tells how the file was made; the values are what PyTorch printed for tensor.float().
      const count = (length: number) => Array.from({ length }, (_, index) => index);
      const expected = new Map<string, readonly number[]>(
        Object.entries({
          half: [
            0,
            -0,
            2 ** -24,
            -6.097555160522461e-5,
            6.103515625e-5,
            1,
            -1.0009765625,
            65504,
            Infinity,
            -Infinity,
            NaN,
            0.333251953125,
          ],
          brain: [
            0,
            -0,
            9.183549615799121e-41,
            1,
            -1.0078125,
            3.3895313892515355e38,
            Infinity,
            -Infinity,
            NaN,
            3.140625,
          ],
          long: [
            0, -1, 16777216, -9.223372036854776e18, 9.223372036854776e18, 4.611686018427388e18, 4.611686568183202e18,
          ],
          transposed: count(24).map((index) => (index % 4) * 6 + Math.floor(index / 4)),
          channelsLast: count(24),
          longTransposed: [0, 3, 1, 4, 2, 5],
          shared: count(24),
          sharedTail: [20, 21, 22, 23],
          parameter: [1.5, -2.5],
          scalar: [0.25],
          empty: [],
        }),
      );
      assert.deepEqual([...checkpoint.tensors.keys()], [...expected.keys()]);
      const scratch = new Scratch();
      for (const [name, values] of expected) {
        assert.deepEqual([...(await checkpoint.readFloats(name))], [...values], name);
        // Into memory that is larger, and that another tensor lay in.
        scratch.float32(100).fill(7);
        scratch.release();
        assert.deepEqual([...(await checkpoint.readFloats(name, scratch))], [...values], name);
        scratch.release();
      }
      assert.deepEqual(checkpoint.tensors.get('channelsLast'), {
        ...checkpoint.tensors.get('channelsLast'),
        elementType: 'float16',
        shape: [1, 2, 3, 4],
        byteLength: 48,
      });
      const transposed = await bytesOf(checkpoint, 'transposed');
      assert.deepEqual(transposed, Buffer.from(Float32Array.from(expected.get('transposed') ?? []).buffer));
      await checkpoint.close();
    });
  }
});

describe('lying and damaged checkpoints', () => {
  it('refuses tensors that leave their storage, and storages that are not whole', async () => {
    for (const [entries, says] of [
      [soundEntries({ view: { storageOffset: 1 } }), /takes 4 from element 1 on/],
      [soundEntries({ view: { storageOffset: 2 ** 52 } }), /takes 4 from element 4503599627370496 on/],
      [soundEntries({ view: { shape: [2, 3], strides: [3, 1] } }), /takes 6 from element 0 on/],
      [soundEntries({ view: { shape: [3, 2], strides: [1, 3] } }), /takes 6 from element 0 on/],
      [soundEntries({ view: { shape: [0], strides: [1], storageOffset: 5 } }), /takes 0 from element 5 on/],
      [soundEntries({ view: { storageElements: 5 } }), /Expected 20 bytes in data\/0 of tensor w; the record has 16/],
      [soundEntries({ data: Buffer.alloc(15) }), /Expected 16 bytes in data\/0 of tensor w; the record has 15/],
      [soundEntries({ view: { storageKey: '9' } }), /record data\/9/],
      [soundEntries({ view: { storageKey: '../data.pkl' } }), /record data\/\.\.\/data\.pkl/],
    ] as const) {
      await assert.rejects(readAll(craftZip(entries)), { code: 'CHECKPOINT_CORRUPT', message: says });
    }
  });

  it('refuses a view that repeats elements to look larger than its file', async () => {
    const entries = soundEntries({ view: { shape: [2 ** 20, 4], strides: [0, 1] } });
    await assert.rejects(readAll(craftZip(entries)), { code: 'CHECKPOINT_LAYOUT' });
  });

  it('refuses the golden checkpoint cut at any of many places', async () => {
    const whole = await readFile(golden('imagebind_tiny.pth'));
    const cuts = Array.from({ length: 40 }, (_, index) => Math.floor((whole.length * index) / 40));
    for (const bytes of [...cuts, whole.length - 1, whole.length - 22].map((cut) => whole.subarray(0, cut))) {
      await assert.rejects(readAll(bytes), { name: 'SensebindError', code: 'CHECKPOINT_CORRUPT' });
    }
  });

  it('notices a file that shrinks after it was opened', async () => {
    const file = path.join(folder, 'shrinking.pth');
    await writeFile(file, await readFile(golden('imagebind_tiny.pth')));
    const checkpoint = await openCheckpoint(file);
    const handle = await open(file, 'r+');
    await handle.truncate(1000);
    await handle.close();
    await assert.rejects(checkpoint.readFloats('modality_heads.audio.2.weight'), { code: 'CHECKPOINT_CORRUPT' });
    await checkpoint.close();
  });

  it('refuses what is no readable file', async () => {
    for (const name of [path.join(folder, 'absent.pth'), folder, '/dev/zero']) {
      await assert.rejects(openCheckpoint(name), { code: 'FILE_UNREADABLE' });
    }
  });
});

describe('any bytes as a checkpoint', () => {
  const view = tensorOf(TWO_BY_TWO);
  const sound = craftZip(
    soundEntries({
      pickle: dictPickle([
        ['a', view],
        ['b', view],
      ]),
    }),
  );

  async function readsOrRefuses(bytes: Uint8Array): Promise<void> {
    try {
      const floats = await readAll(bytes);
      for (const values of floats.values()) assert.ok(values.byteLength <= bytes.length);
    } catch (error) {
      assert.ok(isSensebindError(error), `not one of ours: ${error}`);
    }
  }

  it('give tensors no larger than the file, or a typed error, whichever bytes are flipped', async () => {
    const flips = fc.array(fc.tuple(fc.nat(sound.length - 1), fc.integer({ min: 1, max: 255 })), {
      minLength: 1,
      maxLength: 3,
    });
    await fc.assert(
      fc.asyncProperty(flips, async (changes) => {
        const bytes = Buffer.from(sound);
        for (const [position, mask] of changes) bytes[position] = (bytes[position] ?? 0) ^ mask;
        await readsOrRefuses(bytes);
      }),
      { numRuns: 300 },
    );
  });

  it('give a typed error wherever they are cut', async () => {
    for (let length = 0; length < sound.length; length++) {
      await assert.rejects(readAll(sound.subarray(0, length)), { name: 'SensebindError', code: 'CHECKPOINT_CORRUPT' });
    }
  });
});
