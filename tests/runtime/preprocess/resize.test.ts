import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { coverAndCentre, type Size } from '../../../runtime/preprocess/crop';
import { CoverPlans, type CropPlan, planCrop } from '../../../runtime/preprocess/cropPlan';
import { ByteResizer, FloatResizer } from '../../../runtime/preprocess/resize';
import { noise } from './noise';

/**
 * SHA-256 (first half) of what Pillow 9.4.0 makes of noise(width · height · 3, width · 31 + height) with torchvision
 * 0.14's Resize(target, bicubic) and CenterCrop(target): as RGB, as gray (its first width · height bytes), and in mode F
 * as float32((byte − 100) · float32(0.37)).
 */
const PILLOW = [
  {
    width: 224,
    height: 224,
    target: 224,
    rgb: '8d35d6eb69bfd85f53bea24d86437c04',
    gray: '3c1928aef09afd5685f34c24e8778dc6',
    float: '6be1d04ca745f49d385f95398943b0b8',
  },
  {
    width: 225,
    height: 223,
    target: 224,
    rgb: '0927dc20e7a091b675b6b69cfc492fb8',
    gray: '64c59b7418981e55e9f0166b63675de2',
    float: 'ff19d8a913962f249b42b73685c19a41',
  },
  {
    width: 97,
    height: 64,
    target: 224,
    rgb: '899785f63af36f6ccfed5c37d589450c',
    gray: '5fbea89da1b8ef3c2594bb4fe9789c06',
    float: 'e8a4a3c4be9d4365b16d871be303c002',
  },
  {
    width: 1,
    height: 1,
    target: 224,
    rgb: '8c2d0c0ea4ac329ffba6f35bb8dd0375',
    gray: '9d400d7341a1afd4c488a2ade7f6a6e7',
    float: '108ad6407d8a6b8fafbf64f2d8b20302',
  },
  {
    width: 1,
    height: 300,
    target: 32,
    rgb: 'ec2714303fdb2199562b43cbd92b7163',
    gray: '87bea3e14b5289bb7f79c0c693a89930',
    float: '535be37e4fb312f7b0599751ff19ec75',
  },
  {
    width: 700,
    height: 1,
    target: 32,
    rgb: '126ccd39743129fee2c78cf16de12c40',
    gray: 'b96b745945389446efa1399f97ea0430',
    float: '7204311927d63ba2b8f7fad48dbf15d3',
  },
  {
    width: 640,
    height: 33,
    target: 64,
    rgb: 'a1687e08c41a3703f0de2710718633cf',
    gray: '7b9b56a2bb571fdfb7c62889d354ecfb',
    float: '716d3a8d006b652ba9272825189f28d7',
  },
  {
    width: 31,
    height: 500,
    target: 64,
    rgb: 'e1501ba8edb5d6a8e317107974415e20',
    gray: '3e58fd7cf3f9c4ca41e0218f99af99e1',
    float: '10ee5a5841f483f5469fc833b2edffc4',
  },
  {
    width: 449,
    height: 224,
    target: 112,
    rgb: '4dd2bf8d796a3c5ad201c1f5e250269e',
    gray: '5b5440dfcbe6705a05f4e1880c8098fe',
    float: 'ee7b8aeaaace1475f930095990ce8e77',
  },
  {
    width: 320,
    height: 240,
    target: 224,
    rgb: '3e47949fa61d140405b962b4d03fff99',
    gray: 'd6dd39ab9cf7213838bbc8628487c5a1',
    float: '8fe88db4ec23d34c745bb33b8de951a0',
  },
  {
    width: 13,
    height: 9,
    target: 5,
    rgb: 'aba1136fe1e670e3d7ef256fab48f126',
    gray: '94822f4a01f520c45edeb2192d5d940b',
    float: 'ce85ec11c4369c094bedc04a87ece8e2',
  },
  {
    width: 64,
    height: 65,
    target: 64,
    rgb: 'ed60817cfee1ab15f30a4186c924334a',
    gray: '2efd48dd7365c818b6012a23015c65da',
    float: 'cb4b83decae623cb76f1701f47ff16ab',
  },
] as const;

function digest(values: Uint8Array | Float32Array): string {
  return createHash('sha256')
    .update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    .digest('hex')
    .slice(0, 32);
}

/** The part of a whole frame that the plan reads. */
function regionOf(frame: Float32Array, { from, horizontal, vertical }: CropPlan): Float32Array {
  const rows: number[] = [];
  for (let row = vertical.from; row < vertical.to; row++) {
    rows.push(...frame.subarray(row * from.width + horizontal.from, row * from.width + horizontal.to));
  }
  return Float32Array.from(rows);
}

/** Resizes the whole picture and cuts the window out of the result. */
function resizeThenCrop(pixels: Uint8Array, from: Size, to: Size): number[] {
  const { resized, left, top } = coverAndCentre(from, to);
  const whole = new ByteResizer(1).crop(pixels, planCrop(from, resized, { resized, left: 0, top: 0 }));
  const window: number[] = [];
  for (let row = 0; row < to.height; row++) {
    const start = (top + row) * resized.width + left;
    window.push(...whole.subarray(start, start + to.width));
  }
  return window;
}

const side = fc.integer({ min: 1, max: 60 });
const size = fc.record({ width: side, height: side });

describe('the resize', () => {
  for (const { width, height, target, rgb, gray, float } of PILLOW) {
    it(`of ${width} × ${height} pixels to ${target} gives the bytes of Pillow`, () => {
      const bytes = noise(width * height * 3, width * 31 + height);
      const levels = bytes.subarray(0, width * height);
      const floats = Float32Array.from(levels, (level) => (level - 100) * Math.fround(0.37));
      const plan = new CoverPlans({ width: target, height: target }).of({ width, height });
      assert.equal(digest(new ByteResizer(3).crop(bytes, plan)), rgb, 'RGB');
      assert.equal(digest(new ByteResizer(1).crop(levels, plan)), gray, 'gray');
      assert.equal(digest(new FloatResizer().crop(regionOf(floats, plan), plan)), float, 'float');
    });
  }

  it('of a constant picture is constant', () => {
    fc.assert(
      fc.property(size, size, fc.nat(255), (from, to, level) => {
        const plan = new CoverPlans(to).of(from);
        const area = from.width * from.height;
        const bytes = new ByteResizer(1).crop(new Uint8Array(area).fill(level), plan);
        assert.ok(bytes.every((value) => value === level));
        const floats = new FloatResizer().crop(regionOf(new Float32Array(area).fill(level), plan), plan);
        assert.ok(floats.every((value) => Math.abs(value - level) <= 1e-4));
      }),
    );
  });

  it('of the window alone equals the resize of the whole picture, cropped', () => {
    fc.assert(
      fc.property(size, size, fc.nat(), (from, to, seed) => {
        const pixels = noise(from.width * from.height, seed);
        const window = new ByteResizer(1).crop(pixels, new CoverPlans(to).of(from));
        assert.deepEqual([...window], resizeThenCrop(pixels, from, to));
      }),
    );
  });

  it('gives the same from reused buffers, whatever size came before', () => {
    const plans = new CoverPlans({ width: 20, height: 30 });
    const reused = new ByteResizer(3);
    for (let width = 1; width < 40; width += 3) {
      const from = { width, height: 45 - width };
      const pixels = noise(from.width * from.height * 3, width);
      const fresh = new ByteResizer(3).crop(pixels, new CoverPlans({ width: 20, height: 30 }).of(from));
      assert.deepEqual(reused.crop(pixels, plans.of(from)), fresh);
      assert.equal(plans.of(from), plans.of(from));
    }
  });
});

describe('cover and centre', () => {
  it('truncates the long side and rounds half a pixel to even', () => {
    assert.deepEqual(coverAndCentre({ width: 101, height: 303 }, { width: 224, height: 224 }), {
      resized: { width: 224, height: 672 },
      left: 0,
      top: 224,
    });
    assert.deepEqual(coverAndCentre({ width: 225, height: 224 }, { width: 224, height: 224 }).left, 0);
    assert.deepEqual(coverAndCentre({ width: 227, height: 224 }, { width: 224, height: 224 }).left, 2);
  });

  it('covers targets that are not square', () => {
    assert.deepEqual(coverAndCentre({ width: 640, height: 480 }, { width: 100, height: 50 }), {
      resized: { width: 100, height: 75 },
      left: 0,
      top: 12,
    });
  });
});
