import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { planEncoder, writeEncoder } from '../../../models/imagebind/encoder';
import { imagebindLayout } from '../../../models/imagebind/layout';
import { type Feed, runModel } from '../onnx/runModel';
import { float64Forward } from './float64Forward';
import { memoryStateDict, randomTensors, uniform } from './memoryStateDict';
import { SMALL_DIMENSIONS, SMALL_VARIANT } from './smallModel';

/** Shapes of one item and strides, as smallModel.ts means them. */
const SHAPES = {
  vision: { shape: [3, 4, 20, 28], heads: 3, stride: [2, 4, 5] },
  audio: { shape: [1, 20, 34], heads: 4, stride: [4, 7] },
  depth: { shape: [1, 18, 22], heads: 2, stride: [3, 4] },
  thermal: { shape: [2, 12, 12], heads: 1, stride: [4, 4] },
  imu: { shape: [3, 40], heads: 7, stride: [5] },
  text: { shape: [9], heads: 2, stride: [] },
} as const;

/** Token ids with the end (49, the largest) in the middle, at the last place, twice, and a text without one. */
const TEXTS = [
  [48, 3, 17, 49, 0, 0, 0, 0, 0],
  [48, 3, 17, 5, 6, 7, 8, 9, 49],
  [48, 49, 17, 49, 1, 0, 0, 0, 0],
  [48, 2, 1, 0, 0, 0, 0, 0, 0],
];

const checkpoint = memoryStateDict(randomTensors(imagebindLayout(SMALL_DIMENSIONS), { seed: 7, size: 0.4 }));
let folder: string;

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'sensebind-shapes-'));
});

after(async () => {
  await rm(folder, { recursive: true, force: true });
});

function items(modality: keyof typeof SHAPES): readonly (Feed & { readonly shape: readonly number[] })[] {
  const { shape } = SHAPES[modality];
  if (modality === 'text') return TEXTS.map((ids) => ({ data: Int32Array.from(ids), shape }));
  const random = uniform(shape.length);
  const count = shape.reduce((product: number, size) => product * size, 1);
  // The faint one shows the epsilon of the stem's LayerNorm.
  return [2, 2, 0.004].map((size) => ({
    data: Float32Array.from({ length: count }, () => size * (2 * random() - 1)),
    shape,
  }));
}

for (const modality of Object.keys(SHAPES) as readonly (keyof typeof SHAPES)[]) {
  test(`${modality} of other sizes agrees with a float64 forward`, async () => {
    const plan = await planEncoder(checkpoint, SMALL_VARIANT, modality);
    const target = {
      modelPath: path.join(folder, `${modality}.onnx`),
      weightsPath: path.join(folder, `${modality}.w`),
    };
    const { model } = await writeEncoder(checkpoint, plan, { ...target, precision: 'fp32' });
    const batch = items(modality);
    const data = batch.flatMap((item) => [...item.data]);
    const [output] = await runModel(model.path, {
      output: 'embedding',
      feeds: [
        {
          input: {
            data: modality === 'text' ? Int32Array.from(data) : Float32Array.from(data),
            shape: [batch.length, ...SHAPES[modality].shape],
          },
        },
      ],
    });
    for (const [index, item] of batch.entries()) {
      const expected = await float64Forward(checkpoint, { modality, ...SHAPES[modality] }, item);
      assert.equal(expected.length, 12);
      expected.forEach((number, place) => {
        const found = output?.data[index * expected.length + place] ?? Number.NaN;
        assert.ok(Math.abs(found - number) <= 2e-6, `${modality} ${index}: expected ${number}, found ${found}`);
      });
    }
  });
}

test('the input spec says what the encoder takes', async () => {
  const inputs = await Promise.all(
    Object.keys(SHAPES).map(async (modality) => (await planEncoder(checkpoint, SMALL_VARIANT, modality)).input),
  );
  assert.deepEqual(inputs, [
    { kind: 'picture', channels: 3, frames: 4, height: 20, width: 28 },
    { kind: 'sound', sampleRateHz: 8000, clipSeconds: 0.5, clips: 2, melBins: 20, columns: 34 },
    { kind: 'picture', channels: 1, height: 18, width: 22 },
    { kind: 'picture', channels: 2, height: 12, width: 12 },
    { kind: 'series', channels: 3, rateHz: 20, windowSeconds: 2, samples: 40 },
    { kind: 'tokens', length: 9, vocabulary: 50 },
  ]);
});
