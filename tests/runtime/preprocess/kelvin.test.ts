import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PictureSpec } from '../../../models/bundle/manifest';
import { isSensebindError } from '../../../runtime/errors';
import type { EncoderInput, ThermalInput } from '../../../runtime/preprocess/input';
import { presetOf } from '../../../runtime/preprocess/presets';

const SPEC: PictureSpec = { kind: 'picture', channels: 1, height: 32, width: 32 };

async function prepare(input: EncoderInput, spec = SPEC) {
  const { items, flags } = await presetOf('thermal', 'kelvin').create(spec, {}).prepare(input);
  const [item] = items;
  assert.ok(item?.data instanceof Float32Array);
  assert.deepEqual(item.shape, [1, 1, spec.height, spec.width]);
  return { values: item.data.slice(), flags };
}

function frame(width: number, height: number, kelvinAt: (x: number, y: number) => number): ThermalInput {
  const kelvin = Float32Array.from({ length: width * height }, (_, at) => kelvinAt(at % width, Math.floor(at / width)));
  return { kind: 'thermal', kelvin, width, height };
}

describe('the preset of absolute temperature', () => {
  it('gives back the temperature by the inverse of its formula', async () => {
    const input = frame(32, 32, (x, y) => 250 + x * y);
    const { values, flags } = await prepare(input);
    assert.deepEqual(flags, []);
    values.forEach((value, at) => {
      const kelvin = 293.15 + 8 * Math.sinh(2 * value);
      assert.ok(Math.abs(kelvin - (input.kelvin[at] ?? Number.NaN)) < 1e-3);
    });
  });

  it('is 0 at 20 °C and stays below 3 in a fire', async () => {
    const room = await prepare(frame(32, 32, () => 293.15));
    assert.ok(room.values.every((value) => Math.abs(value) < 1e-5));
    const fire = await prepare(frame(32, 32, () => 1000));
    assert.ok(fire.values.every((value) => value > 2 && value < 3));
  });

  it('is not stretched: a hot spot leaves the rest as it is', async () => {
    const wall = (x: number) => 290 + x / 10;
    const cold = await prepare(frame(32, 32, wall));
    const hot = await prepare(frame(32, 32, (x, y) => (x === 5 && y === 5 ? 800 : wall(x))));
    const changed = [...hot.values.keys()].filter((at) => hot.values[at] !== cold.values[at]);
    assert.deepEqual(changed, [5 * 32 + 5]);
  });

  it('fills dead pixels from their neighbours, and flags them', async () => {
    for (const dead of [Number.NaN, 0, -1, 65_535]) {
      const { values, flags } = await prepare(frame(32, 32, (x, y) => (x === 9 && y < 4 ? dead : 300)));
      assert.deepEqual(flags, ['holes-filled']);
      assert.equal(new Set(values).size, 1);
    }
  });

  it('keeps the middle of a frame of another shape', async () => {
    const { values } = await prepare(frame(64, 32, (x) => (x < 16 || x >= 48 ? 900 : 293.15 + x)));
    values.forEach((value, at) => {
      assert.ok(Math.abs(293.15 + 8 * Math.sinh(2 * value) - (293.15 + 16 + (at % 32))) < 1e-3);
    });
  });

  it('averages temperatures, and not what its curve makes of them, where it makes a frame smaller', async () => {
    const { values } = await prepare(frame(64, 64, (x, y) => ((x + y) % 2 === 0 ? 300 : 500)));
    const middle = 293.15 + 8 * Math.sinh(2 * (values[16 * 32 + 16] ?? Number.NaN));
    assert.ok(Math.abs(middle - 400) < 1, String(middle));
  });

  it('refuses display pictures, other kinds, and frames without a temperature', async () => {
    const gray = new Uint8Array(1024);
    for (const input of [
      { kind: 'thermalPicture', gray, width: 32, height: 32 },
      { kind: 'pictureFile', bytes: gray },
      { kind: 'text', text: 'warm' },
    ] as const) {
      await assert.rejects(prepare(input), (error) => isSensebindError(error, 'INPUT_UNSUPPORTED'));
    }
    await assert.rejects(prepare(frame(32, 32, () => Number.NaN)), (error) => isSensebindError(error, 'INPUT_INVALID'));
  });
});
