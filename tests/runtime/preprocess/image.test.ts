import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import type { PictureSpec } from '../../../models/bundle/manifest';
import { readFloats } from '../../../runtime/cli/verify/npy';
import { type ErrorCode, isSensebindError } from '../../../runtime/errors';
import type { EncoderInput, PictureInput, Pixels } from '../../../runtime/preprocess/input';
import type { Preprocessor } from '../../../runtime/preprocess/preset';
import { presetOf } from '../../../runtime/preprocess/presets';
import { golden } from '../../support/paths';
import { noise } from './noise';

const VISION: PictureSpec = { kind: 'picture', channels: 3, frames: 2, height: 224, width: 224 };
/** Of red, green and blue: reference/imagebind.md §2.1. */
const STATISTICS = [
  { mean: 0.48145466, std: 0.26862954 },
  { mean: 0.4578275, std: 0.26130258 },
  { mean: 0.40821073, std: 0.27577711 },
] as const;

function clip(spec: PictureSpec = VISION) {
  return presetOf('vision', 'clip').create(spec, {});
}

function noisePicture(width: number, height: number, seed: number): Pixels {
  return { rgb: noise(width * height * 3, seed), width, height };
}

function pixels(bytes: number, width: number, height: number): Pixels {
  return { rgb: new Uint8Array(bytes), width, height };
}

/** The only item's values, copied. */
async function valuesOf(preprocessor: Preprocessor, input: EncoderInput) {
  const { items } = await preprocessor.prepare(input);
  assert.equal(items.length, 1);
  return Float32Array.from(items[0]?.data ?? []);
}

/** Frame `frame` of `[3, frames, height, width]`. */
function frameOf(values: Float32Array, frame: number, frames: number): Float32Array {
  const plane = values.length / 3 / frames;
  const planes = [0, 1, 2].map((channel) => values.subarray((channel * frames + frame) * plane).subarray(0, plane));
  return Float32Array.from(planes.flatMap((pixels) => [...pixels]));
}

describe('the vision preset', () => {
  for (const name of ['640x480', '101x303', '224x224', '225x223', '1280x720']) {
    it(`equals the reference on the golden picture ${name} to the bit`, async () => {
      const bytes = await readFile(golden(`image_${name}.png`));
      const expected = await readFloats(golden(`image_${name}.npy`));
      const values = await valuesOf(clip(), { kind: 'pictureFile', bytes });
      const still = frameOf(values, 0, 2);
      assert.deepEqual(still, expected.data);
      assert.deepEqual(frameOf(values, 1, 2), still, 'a still is repeated');
    });
  }

  it('normalises black and white with the statistics of CLIP', async () => {
    for (const level of [0, 255]) {
      const rgb = new Uint8Array(50 * 40 * 3).fill(level);
      const values = await valuesOf(clip(), { kind: 'picture', frames: [{ rgb, width: 50, height: 40 }] });
      const plane = values.length / 3;
      STATISTICS.forEach(({ mean, std }, channel) => {
        const own = values.subarray(channel * plane, (channel + 1) * plane);
        assert.ok(own.every((value) => Math.abs(value - (level / 255 - mean) / std) < 1e-6));
      });
    }
  });

  it('places the two frames of a clip in their order', async () => {
    const [first, second] = [noisePicture(260, 240, 1), noisePicture(260, 240, 2)];
    const values = await valuesOf(clip(), { kind: 'picture', frames: [first, second] });
    const firstAlone = await valuesOf(clip(), { kind: 'picture', frames: [first] });
    const secondAlone = await valuesOf(clip(), { kind: 'picture', frames: [second] });
    assert.deepEqual(frameOf(values, 0, 2), frameOf(firstAlone, 0, 2));
    assert.deepEqual(frameOf(values, 1, 2), frameOf(secondAlone, 0, 2));
  });

  it('repeats the frame of a still also after a clip', async () => {
    const preprocessor = clip();
    const [first, second] = [noisePicture(30, 30, 1), noisePicture(30, 30, 2)];
    await valuesOf(preprocessor, { kind: 'picture', frames: [first, second] });
    const values = await valuesOf(preprocessor, { kind: 'picture', frames: [first] });
    assert.deepEqual(frameOf(values, 1, 2), frameOf(values, 0, 2));
  });

  it('follows another size, and an encoder without frames', async () => {
    const spec: PictureSpec = { kind: 'picture', channels: 3, height: 96, width: 96 };
    const preprocessor = clip(spec);
    const { items } = await preprocessor.prepare({ kind: 'picture', frames: [noisePicture(96, 96, 3)] });
    assert.deepEqual(items[0]?.shape, [1, 3, 96, 96]);
    const [{ mean, std }] = STATISTICS;
    const red = (Number(noise(3, 3)[0]) / 255 - mean) / std;
    assert.ok(Math.abs(Number(items[0]?.data[0]) - red) < 1e-6);
  });

  it('reads shared memory and gives private memory', async () => {
    const picture = noisePicture(300, 280, 4);
    const rgb = new Uint8Array(new SharedArrayBuffer(picture.rgb.length));
    rgb.set(picture.rgb);
    const { items } = await clip().prepare({ kind: 'picture', frames: [{ ...picture, rgb }] });
    assert.ok(items[0]?.data.buffer instanceof ArrayBuffer);
    assert.deepEqual(items[0]?.data, await valuesOf(clip(), { kind: 'picture', frames: [picture] }));
  });

  const refused: readonly { what: string; frames: PictureInput['frames']; code: ErrorCode }[] = [
    { what: 'too few bytes', frames: [pixels(11, 2, 2)], code: 'INPUT_INVALID' },
    { what: 'no pixels', frames: [pixels(0, 0, 2)], code: 'INPUT_INVALID' },
    { what: 'half a pixel', frames: [pixels(3, 0.5, 2)], code: 'INPUT_INVALID' },
    { what: 'a side too long', frames: [pixels(3, 20_000, 1)], code: 'INPUT_TOO_LARGE' },
    { what: 'too many pixels', frames: [pixels(3, 16_000, 16_000)], code: 'INPUT_TOO_LARGE' },
    { what: 'frames of two sizes', frames: [pixels(48, 4, 4), pixels(60, 4, 5)], code: 'INPUT_INVALID' },
  ];
  for (const { what, frames, code } of refused) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => clip().prepare({ kind: 'picture', frames }),
        (error) => isSensebindError(error, code),
      );
    });
  }

  it('refuses a clip where the encoder takes single pictures', () => {
    const frames = [noisePicture(4, 4, 1), noisePicture(4, 4, 2)] as const;
    assert.throws(
      () => clip({ kind: 'picture', channels: 3, height: 8, width: 8 }).prepare({ kind: 'picture', frames }),
      (error) => isSensebindError(error, 'INPUT_INVALID'),
    );
  });

  it('refuses other kinds of input and other kinds of encoder', () => {
    assert.throws(
      () => clip().prepare({ kind: 'text', text: 'a dog' }),
      (error) => isSensebindError(error, 'INPUT_UNSUPPORTED'),
    );
    assert.throws(
      () => clip({ kind: 'picture', channels: 1, height: 8, width: 8 }),
      (error) => isSensebindError(error, 'PRESET_UNKNOWN'),
    );
  });
});
