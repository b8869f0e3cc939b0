import assert from 'node:assert/strict';
import { copyFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { openCheckpoint } from '../../../models/checkpoint/checkpoint';
import { type ErrorCode, isSensebindError } from '../../../runtime/errors';
import { repositoryRoot } from '../../support/paths';
import { refused } from '../../support/refused';
import { temporaryFolder } from '../../support/temporaryFolder';
import { bytesOf, FOUR_FLOATS, readAll } from './craft';
import { craftSafetensors, floatsAt } from './craftSafetensors';

const FIXTURE = path.join(repositoryRoot, 'tests', 'models', 'checkpoint', 'fixtures', 'mixed.safetensors');

/** The values of fixtures/README.md; those of 16 and 64 bits as PyTorch printed them. */
const FIXTURE_VALUES: Readonly<Record<string, readonly number[]>> = {
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
  brain: [0, -0, 9.183549615799121e-41, 1, -1.0078125, 3.3895313892515355e38, Infinity, -Infinity, NaN, 3.140625],
  long: [0, -1, 16777216, -9.223372036854776e18, 9.223372036854776e18, 4.611686018427388e18, 4.611686568183202e18],
  single: Array.from({ length: 24 }, (_, index) => index),
  scalar: [0.25],
  empty: [],
};

async function refuses(bytes: Uint8Array, code: ErrorCode, says: RegExp): Promise<void> {
  await assert.rejects(readAll(bytes), refused(code, says));
}

describe('a file that the safetensors library wrote', () => {
  it('is read under any name: every element type, a scalar and nothing', async (context) => {
    const file = path.join(await temporaryFolder(context), 'weights.pth');
    await copyFile(FIXTURE, file);
    const checkpoint = await openCheckpoint(file);
    const found: Record<string, readonly number[]> = {};
    for (const name of checkpoint.tensors.keys()) found[name] = [...(await checkpoint.readFloats(name))];
    assert.deepEqual(found, { ...FIXTURE_VALUES });
    assert.deepEqual(checkpoint.tensors.get('single')?.shape, [2, 3, 4]);
    assert.deepEqual(checkpoint.tensors.get('scalar')?.shape, []);
    assert.equal(checkpoint.tensors.get('brain')?.elementType, 'bfloat16');
    assert.deepEqual(
      await bytesOf(checkpoint, 'single'),
      Buffer.from(Float32Array.from(FIXTURE_VALUES['single'] ?? []).buffer),
    );
    await assert.rejects(checkpoint.readFloats('__metadata__'), refused('CHECKPOINT_LAYOUT'));
    await checkpoint.close();
  });
});

describe('a safetensors file', () => {
  it('is read where its tensors lie at odd positions, and stand in another order than they lie', async () => {
    const data = Buffer.concat([FOUR_FLOATS.subarray(4, 8), Buffer.from([0, 0x3c]), FOUR_FLOATS.subarray(0, 4)]);
    const header = {
      last: floatsAt(6, 1),
      half: { dtype: 'F16', shape: [1], data_offsets: [4, 6] },
      first: floatsAt(0, 1),
    };
    const text = `${JSON.stringify(header)} `;
    for (const json of [text, `${text} `, `${text}  `]) {
      assert.deepEqual(
        await readAll(craftSafetensors(json, data)),
        new Map([
          ['last', new Float32Array([1])],
          ['half', new Float32Array([1])],
          ['first', new Float32Array([2])],
        ]),
      );
    }
  });

  it('may name tensors as JavaScript names its own things', async () => {
    const bytes = craftSafetensors(`{"__proto__":${JSON.stringify(floatsAt(0, 4))}}`, FOUR_FLOATS);
    assert.deepEqual(await readAll(bytes), new Map([['__proto__', new Float32Array([1, 2, 3, 4])]]));
  });

  it('is refused where tensors overlap, leave gaps, or do not fill the file', async () => {
    for (const [header, says] of [
      [{ a: floatsAt(0, 2), b: floatsAt(4, 3) }, /tensor b at byte \d+ of the file, after the one before/],
      [{ a: floatsAt(0, 4), b: floatsAt(0, 4) }, /tensor b at byte/],
      [{ a: floatsAt(0, 1), b: floatsAt(8, 2) }, /tensor b at byte/],
      [{ a: floatsAt(4, 3) }, /tensor a at byte/],
      [{ a: floatsAt(0, 3) }, /file of \d+ bytes; found/],
      [{ a: floatsAt(0, 5) }, /file of \d+ bytes; found/],
      [{}, /file of \d+ bytes; found/],
      [{ a: floatsAt(2 ** 40, 4) }, /tensor a at byte/],
    ] as const) {
      await refuses(craftSafetensors(header, FOUR_FLOATS), 'CHECKPOINT_CORRUPT', says);
    }
  });

  it('is refused where offsets contradict shape and type', async () => {
    for (const entry of [
      { ...floatsAt(0, 4), shape: [5] },
      { ...floatsAt(0, 4), shape: [2 ** 31, 2 ** 31, 0], data_offsets: [0, 16] },
      { ...floatsAt(0, 4), shape: [2 ** 40, 2 ** 40] },
      { ...floatsAt(0, 4), data_offsets: [16, 0] },
      { ...floatsAt(0, 4), dtype: 'F16' },
    ]) {
      await refuses(craftSafetensors({ a: entry }, FOUR_FLOATS), 'CHECKPOINT_CORRUPT', /bytes of tensor a/);
    }
  });

  it('is refused where its header is no such JSON', async () => {
    for (const [header, says] of [
      ['{"a":', /in JSON/],
      ['{"a":1}', /"dtype", "shape" and "data_offsets" of tensor a; found 1/],
      [{ a: { ...floatsAt(0, 4), shape: [-4] } }, /of tensor a/],
      [{ a: { ...floatsAt(0, 4), shape: [1.5] } }, /of tensor a/],
      [{ a: { ...floatsAt(0, 4), shape: '4' } }, /of tensor a/],
      [{ a: { ...floatsAt(0, 4), data_offsets: [0] } }, /of tensor a/],
      [{ a: { ...floatsAt(0, 4), more: 1 } }, /of tensor a/],
      [{ __metadata__: { made: 1 }, a: floatsAt(0, 4) }, /only text in __metadata__/],
      [{ __metadata__: null, a: floatsAt(0, 4) }, /only text in __metadata__/],
      ['{"a\u001b[2J":1}', /JSON/],
    ] as const) {
      await refuses(craftSafetensors(header, FOUR_FLOATS), 'CHECKPOINT_CORRUPT', says);
    }
    const badUtf8 = craftSafetensors(`{"a?":${JSON.stringify(floatsAt(0, 4))}}`, FOUR_FLOATS);
    badUtf8[badUtf8.indexOf('?')] = 0xff;
    await refuses(badUtf8, 'CHECKPOINT_CORRUPT', /in JSON/);
  });

  it('is refused where a name comes twice, however it is written', async () => {
    const entry = JSON.stringify(floatsAt(0, 4));
    for (const json of [
      `{"a":${entry},"a":${entry}}`,
      `{"a":${entry},"\\u0061":${entry}}`,
      `{"a":{"dtype":"F16",${entry.slice(1)}}`,
      `{"__metadata__":{"x":"1","x":"2"},"a":${entry}}`,
    ]) {
      await refuses(craftSafetensors(json, FOUR_FLOATS), 'CHECKPOINT_CORRUPT', /each name once/);
    }
  });

  it('is refused where it is more than any known model has', async () => {
    const deep = craftSafetensors(`{"a":{"shape":[${'['.repeat(100_000)}`, FOUR_FLOATS);
    await refuses(deep, 'CHECKPOINT_LIMIT', /at most 3 levels; found 100003/);
    const wide = `{${Array.from({ length: 90_000 }, (_, index) => `"${index}":0`).join()}}`;
    await refuses(craftSafetensors(wide, FOUR_FLOATS), 'CHECKPOINT_LIMIT', /at most 81000 names/);
    const long = craftSafetensors(`{${' '.repeat(2 ** 22)}}`, FOUR_FLOATS);
    await refuses(long, 'CHECKPOINT_LIMIT', /header of at most 4194304 bytes; the file claims 4194306/);
  });

  it('is refused, or taken for no safetensors file, where it claims a longer header than it is', async () => {
    for (const headerBytes of [1_000_000n, 2n ** 63n]) {
      await refuses(craftSafetensors('{}', FOUR_FLOATS, { headerBytes }), 'CHECKPOINT_CORRUPT', /no container/);
    }
  });

  it('is refused with elements of a type that no encoder has, and says which', async () => {
    for (const dtype of ['F64', 'I32', 'F8_E4M3', 'BOOL', 'nonsense']) {
      const bytes = craftSafetensors({ a: { ...floatsAt(0, 4), dtype } }, FOUR_FLOATS);
      await refuses(bytes, 'CHECKPOINT_LAYOUT', new RegExp(`those of tensor a are ${dtype}`));
    }
  });

  it('gives back what was put in, whatever the tensors are', async () => {
    const tensors = fc.uniqueArray(
      fc.record({
        name: fc.string({ unit: 'binary', minLength: 1 }).filter((name) => name !== '__metadata__'),
        numbers: fc.array(fc.float(), { maxLength: 5 }),
      }),
      { selector: ({ name }) => name, maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(tensors, async (written) => {
        const data: Buffer[] = [];
        const entries = written.map(({ name, numbers }): [string, unknown] => {
          const from = data.reduce((sum, { length }) => sum + length, 0);
          data.push(Buffer.from(Float32Array.from(numbers).buffer));
          return [name, floatsAt(from, numbers.length)];
        });
        const json = `{${entries.map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`).join()}}`;
        const found = await readAll(craftSafetensors(json, Buffer.concat(data)));
        assert.deepEqual(
          [...found].sort(byName),
          written.map(({ name, numbers }) => [name, Float32Array.from(numbers)] as const).sort(byName),
        );
      }),
      { numRuns: 200 },
    );
  });

  it('gives tensors no larger than the file, or a typed error, whichever bytes are flipped', async () => {
    const sound = craftSafetensors({ a: floatsAt(0, 1), b: floatsAt(4, 3) }, FOUR_FLOATS);
    const flips = fc.array(fc.tuple(fc.nat(sound.length - 1), fc.integer({ min: 1, max: 255 })), {
      minLength: 1,
      maxLength: 3,
    });
    await fc.assert(
      fc.asyncProperty(flips, async (changes) => {
        const bytes = Buffer.from(sound);
        for (const [position, mask] of changes) bytes[position] = (bytes[position] ?? 0) ^ mask;
        try {
          for (const values of (await readAll(bytes)).values()) assert.ok(values.byteLength <= bytes.length);
        } catch (error) {
          assert.ok(isSensebindError(error), `not one of ours: ${error}`);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('gives a typed error wherever it is cut', async () => {
    const sound = craftSafetensors({ a: floatsAt(0, 1), b: floatsAt(4, 3) }, FOUR_FLOATS);
    for (let length = 0; length < sound.length; length++) {
      await assert.rejects(readAll(sound.subarray(0, length)), refused('CHECKPOINT_CORRUPT'));
    }
  });
});

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

describe('a checkpoint in several safetensors files', () => {
  const FIRST = craftSafetensors({ a: floatsAt(0, 4) }, FOUR_FLOATS);
  const SECOND = craftSafetensors({ b: floatsAt(0, 2, 2), unnamed: floatsAt(16, 0) }, FOUR_FLOATS);

  /** Writes both shards and an index with that map; gives its path. */
  async function written(folder: string, weightMap: unknown): Promise<string> {
    await writeFile(path.join(folder, 'model-1.safetensors'), FIRST);
    await writeFile(path.join(folder, 'model-2.safetensors'), SECOND);
    await writeFile(path.join(folder, 'model.pth'), 'no safetensors file');
    const index = path.join(folder, 'model.safetensors.index.json');
    await writeFile(index, JSON.stringify({ metadata: { total_size: 32 }, weight_map: weightMap }, null, 2));
    return index;
  }

  it('is opened by its index', async (context) => {
    const folder = await temporaryFolder(context);
    const index = await written(folder, { b: 'model-2.safetensors', a: 'model-1.safetensors' });
    const checkpoint = await openCheckpoint(index);
    assert.deepEqual([...checkpoint.tensors.keys()], ['b', 'a']);
    assert.equal(checkpoint.fileBytes, FIRST.length + SECOND.length);
    assert.deepEqual(await checkpoint.readFloats('a'), new Float32Array([1, 2, 3, 4]));
    assert.deepEqual(await bytesOf(checkpoint, 'b'), FOUR_FLOATS);
    await assert.rejects(checkpoint.readFloats('unnamed'), refused('CHECKPOINT_LAYOUT'));
    await checkpoint.close();
    await assert.rejects(checkpoint.readFloats('a'), refused('FILE_UNREADABLE'));
  });

  it('is refused where its index leads elsewhere, or to what is not there', async (context) => {
    const folder = await temporaryFolder(context);
    for (const [weightMap, code] of [
      [{ a: '../model-1.safetensors' }, 'CHECKPOINT_CORRUPT'],
      [{ a: '/etc/passwd' }, 'CHECKPOINT_CORRUPT'],
      [{ a: '..' }, 'CHECKPOINT_CORRUPT'],
      [{ a: 1 }, 'CHECKPOINT_CORRUPT'],
      [[], 'CHECKPOINT_CORRUPT'],
      [{ a: 'model-3.safetensors' }, 'FILE_UNREADABLE'],
      [{ a: 'model-2.safetensors' }, 'CHECKPOINT_CORRUPT'],
      [{ a: 'model.pth' }, 'CHECKPOINT_LAYOUT'],
      [{ a: 'model.safetensors.index.json' }, 'CHECKPOINT_LAYOUT'],
    ] as const) {
      await assert.rejects(openCheckpoint(await written(folder, weightMap)), refused(code), JSON.stringify(weightMap));
    }
  });
});
