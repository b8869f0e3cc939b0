import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { PictureSpec } from '../../../models/bundle/manifest';
import { readFloats } from '../../../runtime/cli/verify/npy';
import { isSensebindError } from '../../../runtime/errors';
import type { EncoderInput, ThermalInput } from '../../../runtime/preprocess/input';
import { presetOf } from '../../../runtime/preprocess/presets';
import { PercentileStretch } from '../../../runtime/preprocess/stretch';
import { thermalPresets } from '../../../runtime/preprocess/thermal';
import { golden } from '../../support/paths';
import { noise } from './noise';
import { pillowGray16 } from './pillowPictures';

const THERMAL: PictureSpec = { kind: 'picture', channels: 1, height: 224, width: 224 };

async function prepare(input: EncoderInput, id = 'gray8') {
  return presetOf('thermal', id).create(THERMAL, {}).prepare(input);
}

async function valuesOf(input: EncoderInput, id?: string): Promise<Float32Array> {
  const [item] = (await prepare(input, id)).items;
  assert.ok(item?.data instanceof Float32Array);
  assert.deepEqual(item.shape, [1, 1, 224, 224]);
  return item.data;
}

/** A smooth scene between 290 K and about 310 K, as large as the encoder's picture. */
function scene(): ThermalInput {
  const kelvin = Float32Array.from({ length: 224 * 224 }, (_, at) => 290 + (at % 224) / 20 + Math.floor(at / 224) / 25);
  return { kind: 'thermal', kelvin, width: 224, height: 224 };
}

/** `numpy.percentile`, linear: by sorting. */
function percentile(values: Float32Array, share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = share * (sorted.length - 1);
  const below = Math.floor(rank);
  const low = sorted[below] ?? Number.NaN;
  return low + ((sorted[below + 1] ?? low) - low) * (rank - below);
}

describe('the thermal presets', () => {
  for (const name of ['160x120', '256x192']) {
    it(`gray8 equals the golden picture ${name} to the bit`, async () => {
      const bytes = await readFile(golden(`thermal_${name}.png`));
      const expected = await readFloats(golden(`thermal_${name}.npy`));
      assert.deepEqual(await valuesOf({ kind: 'pictureFile', bytes }), expected.data);
    });
  }

  /** From reference/imagebind.md §6.2. */
  const statistics = [
    { id: 'gray8', mean: 0, std: 1 },
    { id: 'half', mean: 0.5, std: 0.5 },
    { id: 'clip', mean: 0.48145466, std: 0.26862954 },
    { id: 'codebind', mean: 1, std: 0.5 },
    { id: 'codebind-flir', mean: 0.4453, std: 0.2692 },
  ];
  it('are those of the reference, with their statistics', async () => {
    assert.deepEqual(
      thermalPresets.map(({ id }) => id).filter((id) => id !== 'kelvin'),
      statistics.map(({ id }) => id),
    );
    for (const { id, mean, std } of statistics) {
      for (const level of [0, 100, 255]) {
        const gray = new Uint8Array(30 * 20).fill(level);
        const values = await valuesOf({ kind: 'thermalPicture', gray, width: 30, height: 20 }, id);
        assert.ok(values.every((value) => Math.abs(value - (level / 255 - mean) / std) < 1e-6));
      }
    }
  });
});

describe('a radiometric thermal frame', () => {
  it('is stretched from its 1 % to its 99 % percentile, hot is bright', async () => {
    const input = scene();
    const values = await valuesOf(input);
    const black = percentile(input.kelvin, 0.01);
    const white = percentile(input.kelvin, 0.99);
    input.kelvin.forEach((kelvin, at) => {
      const expected = Math.min(Math.max((kelvin - black) / (white - black), 0), 1);
      // Half a level of rounding, and a histogram bin.
      assert.ok(Math.abs((values[at] ?? Number.NaN) - expected) <= 0.51 / 255);
    });
  });

  it('has the percentiles of numpy whatever its values', () => {
    const stretch = new PercentileStretch();
    fc.assert(
      fc.property(fc.float32Array({ minLength: 2, maxLength: 300, min: 200, max: 1500, noNaN: true }), (kelvin) => {
        const black = percentile(kelvin, 0.01);
        const white = percentile(kelvin, 0.99);
        fc.pre(white - black >= 2);
        stretch.apply(kelvin).forEach((level, at) => {
          const exact = (((kelvin[at] ?? Number.NaN) - black) / (white - black)) * 255;
          const bin = ((1300 / 65_535) * 255) / (white - black);
          assert.ok(Math.abs(level - Math.min(Math.max(exact, 0), 255)) <= 0.5 + 3 * bin);
        });
      }),
    );
  });

  it('of one temperature is mid-gray, and its noise stays faint', async () => {
    const kelvin = new Float32Array(80 * 60).fill(295);
    const even = await valuesOf({ kind: 'thermal', kelvin, width: 80, height: 60 });
    assert.ok(even.every((value) => Math.abs(value - 0.5) <= 1 / 255));
    const noisy = kelvin.map((value, at) => value + ((noise(4800, 1)[at] ?? 0) - 127.5) / 5000);
    const values = await valuesOf({ kind: 'thermal', kelvin: noisy, width: 80, height: 60 });
    assert.ok(values.every((value) => Math.abs(value - 0.5) < 0.06));
  });

  it('is not dimmed by a dead pixel, which is replaced and flagged', async () => {
    const input = scene();
    const clean = await valuesOf(input);
    for (const dead of [Number.NaN, 0, -5, 65_535, Number.POSITIVE_INFINITY]) {
      const kelvin = input.kelvin.slice();
      kelvin[100 * 224 + 50] = dead;
      const { flags } = await prepare({ ...input, kelvin });
      assert.deepEqual(flags, ['holes-filled']);
      const values = await valuesOf({ ...input, kelvin });
      values.forEach((value, at) => {
        assert.ok(Math.abs(value - (clean[at] ?? Number.NaN)) <= 1.01 / 255);
      });
    }
    assert.deepEqual((await prepare(input)).flags, []);
  });

  it('without a valid pixel is refused', async () => {
    for (const value of [Number.NaN, 0, 30_000]) {
      const kelvin = new Float32Array(12).fill(value);
      await assert.rejects(prepare({ kind: 'thermal', kelvin, width: 4, height: 3 }), (error) =>
        isSensebindError(error, 'INPUT_INVALID'),
      );
    }
  });

  it('may stand on shared memory', async () => {
    const input = scene();
    const kelvin = new Float32Array(new SharedArrayBuffer(input.kelvin.byteLength));
    kelvin.set(input.kelvin);
    assert.deepEqual(await valuesOf({ ...input, kelvin }), await valuesOf(input));
  });
});

describe('the thermal preprocessor refuses', () => {
  it('a gray file of 16 bits, which holds temperatures and no display picture', async () => {
    const bytes = Buffer.from(pillowGray16.file, 'base64');
    await assert.rejects(prepare({ kind: 'pictureFile', bytes }), (error) =>
      isSensebindError(error, 'INPUT_UNSUPPORTED'),
    );
  });

  it('lengths that contradict the size, and other kinds', async () => {
    const gray = new Uint8Array(10);
    await assert.rejects(prepare({ kind: 'thermalPicture', gray, width: 3, height: 3 }), (error) =>
      isSensebindError(error, 'INPUT_INVALID'),
    );
    await assert.rejects(
      prepare({ kind: 'thermal', kelvin: new Float32Array(9), width: 9000, height: 9000 }),
      (error) => isSensebindError(error, 'INPUT_TOO_LARGE'),
    );
    await assert.rejects(prepare({ kind: 'text', text: 'warm' }), (error) =>
      isSensebindError(error, 'INPUT_UNSUPPORTED'),
    );
  });
});
