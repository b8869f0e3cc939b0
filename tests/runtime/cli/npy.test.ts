import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseNpy, readFloats } from '../../../runtime/cli/verify/npy';
import { isSensebindError } from '../../../runtime/errors';
import { refused } from '../../support/refused';
import { temporaryFolder } from '../../support/temporaryFolder';

/** As `numpy.save` 1.24 writes it: a header padded to 64 bytes. */
function npy(data: NodeJS.TypedArray, { type, shape }: { readonly type: string; readonly shape: string }): Buffer {
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': ${shape}, }`.padEnd(117);
  const length = Buffer.alloc(2);
  length.writeUInt16LE(header.length + 1);
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), length, Buffer.from(`${header}\n`), bytes]);
}

describe('NumPy arrays', () => {
  for (const [type, data] of [
    ['<f4', Float32Array.of(1.5, -2)],
    ['<f8', Float64Array.of(1.5, -2)],
    ['<i8', BigInt64Array.of(7n, -2n)],
    ['<i4', Int32Array.of(7, -2)],
    ['<i2', Int16Array.of(7, -2)],
    ['|i1', Int8Array.of(7, -2)],
    ['|u1', Uint8Array.of(7, 255)],
    ['<u2', Uint16Array.of(7, 65_535)],
  ] as const) {
    it(`of ${type} are read as float32`, async (context) => {
      const file = path.join(await temporaryFolder(context), 'array.npy');
      await writeFile(file, npy(data, { type, shape: '(2, 1)' }));
      const read = await readFloats(file);
      assert.deepEqual(read.shape, [2, 1]);
      assert.deepEqual([...read.data], Array.from(data, Number));
    });
  }

  it('of one dimension or none are read', () => {
    assert.deepEqual(parseNpy(npy(Float32Array.of(1, 2), { type: '<f4', shape: '(2,)' })).shape, [2]);
    assert.deepEqual(parseNpy(npy(Float32Array.of(1), { type: '<f4', shape: '()' })).shape, []);
  });

  it('that are cut short, or of another kind, are refused', () => {
    const whole = npy(Float32Array.of(1, 2), { type: '<f4', shape: '(2,)' });
    for (const bytes of [
      whole.subarray(0, -1),
      whole.subarray(0, 40),
      npy(Float32Array.of(1), { type: '|O', shape: '(1,)' }),
      npy(Float32Array.of(1), { type: '>f4', shape: '(1,)' }),
      npy(Float32Array.of(1), { type: '<f4', shape: '(9000000000, 9000000000)' }),
      Buffer.from(whole.toString('latin1').replace('False', 'True '), 'latin1'),
    ]) {
      assert.throws(() => parseNpy(bytes), refused('GOLDEN_INVALID'));
    }
  });

  it('fail with a typed error whatever the bytes', () => {
    const whole = npy(Float32Array.of(1, 2), { type: '<f4', shape: '(2,)' });
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
        const changed = Buffer.from(whole);
        changed[at] = byte;
        try {
          parseNpy(changed);
        } catch (error) {
          assert.ok(isSensebindError(error, 'GOLDEN_INVALID'), String(error));
        }
      }),
    );
  });
});
