import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isSensebindError } from '../../../runtime/errors';
import { decodeGray, decodePicture } from '../../../runtime/preprocess/pictureFile';
import { pngFile } from '../../support/png';
import { pillowGray16, pillowJpeg, pillowPictures } from './pillowPictures';

const JPEG = Buffer.from(pillowJpeg, 'base64');

/** An RGB PNG that claims a size and carries `pixels`, whatever these are. */
function png(width: number, height: number, data: Buffer): Buffer {
  return pngFile({ width, height, bitDepth: 8, colour: 'rgb', data });
}

/** The JPEG with bytes replaced at a distance from its frame header. */
function jpegWith(distance: number, bytes: readonly number[]): Buffer {
  const changed = Buffer.from(JPEG);
  changed.set(bytes, JPEG.indexOf(Buffer.from([0xff, 0xc0])) + distance);
  return changed;
}

async function refused(bytes: Uint8Array, code: string): Promise<void> {
  for (const decode of [decodePicture, decodeGray]) {
    await assert.rejects(decode(bytes), (error) => {
      assert.ok(isSensebindError(error), String(error));
      assert.equal(error.code, code, error.message);
      return true;
    });
  }
}

describe('decoding a picture file', () => {
  for (const { name, file, rgb, gray } of pillowPictures) {
    it(`gives the pixels of Pillow for ${name}`, async () => {
      const bytes = Buffer.from(file, 'base64');
      const picture = await decodePicture(bytes);
      assert.deepEqual([picture.width, picture.height], [4, 3]);
      assert.equal(Buffer.from(picture.rgb).toString('hex'), rgb);
      const plain = await decodeGray(bytes);
      if (plain.bitDepth === 8) assert.equal(Buffer.from(plain.values).toString('hex'), gray);
      else assert.equal(Buffer.from(plain.values.map((value) => value >> 8)).toString('hex'), gray);
    });
  }

  it('keeps the 16 bits of a gray PNG, and their upper half in RGB', async () => {
    const bytes = Buffer.from(pillowGray16.file, 'base64');
    const gray = await decodeGray(bytes);
    assert.equal(gray.bitDepth, 16);
    assert.deepEqual([...gray.values], [...pillowGray16.values]);
    const { rgb } = await decodePicture(bytes);
    assert.deepEqual(
      [...rgb],
      pillowGray16.values.flatMap((value) => [value >> 8, value >> 8, value >> 8]),
    );
  });

  it('reads a JPEG within a few levels, without turning it as its EXIF asks', async () => {
    const { rgb, width, height } = await decodePicture(JPEG);
    assert.deepEqual([width, height], [24, 16]);
    rgb.forEach((level, at) => {
      const pixel = Math.floor(at / 3);
      const expected = 6 * ((pixel % width) + Math.floor(pixel / width));
      assert.ok(Math.abs(level - expected) <= 8, `${level} instead of ${expected} at ${at}`);
    });
  });

  it('reads shared memory', async () => {
    const bytes = new Uint8Array(new SharedArrayBuffer(JPEG.length));
    bytes.set(JPEG);
    assert.deepEqual(await decodePicture(bytes), await decodePicture(JPEG));
  });
});

describe('a hostile picture file', () => {
  const pixels = Buffer.alloc(10 * (1 + 30), 1);

  it('that claims gigapixels is refused by its header', async () => {
    await refused(png(60_000, 60_000, pixels), 'INPUT_TOO_LARGE');
    await refused(png(16_384, 16_384, pixels), 'INPUT_TOO_LARGE');
    await refused(png(2 ** 31 - 1, 1, pixels), 'INPUT_TOO_LARGE');
    await refused(jpegWith(5, [0xff, 0xff, 0xff, 0xff]), 'INPUT_TOO_LARGE');
  });

  it('that is too large itself is refused unread', async () => {
    await refused(Buffer.alloc(64 * 1024 * 1024 + 1), 'INPUT_TOO_LARGE');
  });

  it('that claims no pixels is refused', async () => {
    await refused(png(0, 10, pixels), 'INPUT_INVALID');
    await refused(jpegWith(5, [0, 0]), 'INPUT_INVALID');
  });

  it('that is cut off is refused wherever the cut is', async () => {
    const whole = png(10, 10, Buffer.from(pixels.map((_, at) => (at % 31 === 0 ? 0 : at * at))));
    await decodePicture(whole);
    const pixelData = whole.length - 12 - 4;
    for (let end = 8; end < pixelData; end += 7) await refused(whole.subarray(0, end), 'INPUT_INVALID');
    for (let end = 2; end < JPEG.length; end += 13) await refused(JPEG.subarray(0, end), 'INPUT_INVALID');
  });

  it('with a broken JPEG frame header is refused', async () => {
    await refused(jpegWith(9, [9]), 'INPUT_INVALID');
    await refused(jpegWith(2, [0, 0]), 'INPUT_INVALID');
    await refused(jpegWith(4, [12]), 'INPUT_UNSUPPORTED');
    await refused(jpegWith(1, [0xc3]), 'INPUT_UNSUPPORTED');
    const frame = JPEG.indexOf(Buffer.from([0xff, 0xc0]));
    const twice = JPEG.subarray(frame, frame + 2 + JPEG.readUInt16BE(frame + 2));
    await refused(Buffer.concat([JPEG.subarray(0, frame), twice, JPEG.subarray(frame)]), 'INPUT_INVALID');
  });

  it('whose PNG data is more than it claims, or damaged, costs no memory and never passes for another', async () => {
    const bomb = await decodePicture(png(10, 10, Buffer.alloc(50_000_000)));
    assert.deepEqual(bomb.rgb, new Uint8Array(bomb.rgb.length));
    await refused(png(10, 10, pixels.subarray(0, 200)), 'INPUT_INVALID');
    const flipped = png(10, 10, pixels);
    const at = flipped.indexOf('IDAT') + 6;
    flipped.writeUInt8(flipped.readUInt8(at) ^ 1, at);
    await refused(flipped, 'INPUT_INVALID');
  });

  it('of another format is refused', async () => {
    for (const start of ['', 'GIF89a', 'BM', 'RIFF\0\0\0\0WEBP', '<svg>', '\xff', '\x89PNG']) {
      await refused(Buffer.from(start, 'latin1'), 'INPUT_UNSUPPORTED');
    }
  });

  it('never gives anything but pixels or a typed error', async () => {
    const seeds = [JPEG, ...pillowPictures.map(({ file }) => Buffer.from(file, 'base64'))];
    const change = fc.tuple(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...seeds),
        fc.array(change, { maxLength: 6 }),
        fc.nat(40),
        async (seed, changes, cut) => {
          const bytes = Buffer.from(seed.subarray(0, Math.max(seed.length - (cut > 20 ? cut : 0), 0)));
          for (const [share, value] of changes) bytes[Math.floor(share * bytes.length)] = value;
          try {
            const { rgb, width, height } = await decodePicture(bytes);
            assert.equal(rgb.length, width * height * 3);
          } catch (error) {
            assert.ok(isSensebindError(error) && error.code.startsWith('INPUT_'), String(error));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('of random bytes behind a good start never gives anything else either', async () => {
    const starts = [
      png(1, 1, Buffer.alloc(4)).subarray(0, 8),
      JPEG.subarray(0, 2),
      JPEG.subarray(0, 200),
      Buffer.alloc(0),
    ];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 200 }), async (start, rest) => {
        await assert.rejects(decodePicture(Buffer.concat([start, rest])), (error) => isSensebindError(error));
      }),
      { numRuns: 300 },
    );
  });
});
