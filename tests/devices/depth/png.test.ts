import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readDepthPng } from '../../../devices/depth/png';
import { SensebindError } from '../../../runtime/errors';
import { gray16File, pngFile } from '../../support/png';
import { refused } from '../../support/refused';

const SIZE = { width: 3, height: 2 };
const MILLIMETRES = [0, 1000, 1234, 65_535, 2500, 341];

describe('depth PNG', () => {
  it('gives metres of millimetres, and 0 where depth is missing', async () => {
    const { metres, width, height } = await readDepthPng(gray16File(MILLIMETRES, SIZE), { unit: 'mm' });
    assert.deepEqual({ width, height }, SIZE);
    assert.deepEqual(metres, Float32Array.of(0, 1, 1.234, 65.535, 2.5, 0.341));
  });

  it('takes the unit of a D405', async () => {
    const { metres } = await readDepthPng(gray16File(MILLIMETRES, SIZE), { unit: '100um' });
    assert.equal(metres[1], Math.fround(0.1));
  });

  it('takes the rotated millimetres of SUN RGB-D', async () => {
    const rotated = MILLIMETRES.map((value) => ((value << 3) | (value >>> 13)) & 0xffff);
    const { metres } = await readDepthPng(gray16File(rotated, SIZE), { unit: 'sun-rgbd' });
    assert.deepEqual(metres, Float32Array.of(0, 1, 1.234, 65.535, 2.5, 0.341));
  });

  it('refuses a unit that puts the scene a kilometre away', async () => {
    const file = gray16File(MILLIMETRES, SIZE);
    await assert.rejects(readDepthPng(file, { unit: 'm' }), refused('INPUT_INVALID', /median of 1234/));
  });

  it('refuses pictures of other kinds by their header', async () => {
    const gray8 = pngFile({ ...SIZE, bitDepth: 8, colour: 'gray', data: new Uint8Array(6) });
    const rgb16 = pngFile({ ...SIZE, bitDepth: 16, colour: 'rgb', data: new Uint8Array(36) });
    for (const file of [gray8, rgb16, Buffer.from('JFIF')]) {
      await assert.rejects(readDepthPng(file, { unit: 'mm' }), refused('INPUT_INVALID', /16-bit gray PNG/));
    }
  });

  it('refuses a header that claims billions of pixels before it decodes any', async () => {
    const file = gray16File(MILLIMETRES, SIZE);
    file.writeUInt32BE(0x7fff_ffff, 16);
    file.writeUInt32BE(0x7fff_ffff, 20);
    await assert.rejects(readDepthPng(file, { unit: 'mm' }), refused('INPUT_TOO_LARGE', /2147483647x2147483647/));
  });

  it('gives a picture of the stated size or a typed error, however the file is damaged', async () => {
    const whole = gray16File(MILLIMETRES, SIZE);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(whole.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.nat(whole.length),
        async (at, flip, end) => {
          const file = Buffer.from(whole);
          file[at] = (file[at] ?? 0) ^ flip;
          try {
            const { metres, width, height } = await readDepthPng(file.subarray(0, end), { unit: 'mm' });
            assert.equal(metres.length, width * height);
          } catch (error) {
            assert.ok(error instanceof SensebindError, String(error));
          }
        },
      ),
    );
  });
});
