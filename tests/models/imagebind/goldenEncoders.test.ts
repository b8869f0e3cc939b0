import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { type Checkpoint, openCheckpoint } from '../../../models/checkpoint/checkpoint';
import { type EncoderPlan, modalitiesOf, planEncoder, writeEncoder } from '../../../models/imagebind/encoder';
import { readVariant, type Variant } from '../../../models/imagebind/variant';
import { decodeModel } from '../../../models/onnx/decode';
import { readFloats } from '../../../runtime/cli/verify/npy';
import { golden } from '../../support/paths';
import { type Feed, type Output, runModel } from '../onnx/runModel';

/** An encoder case of golden.json (tests/golden/README.md): either arrays or token ids go in. */
interface GoldenCase {
  readonly kind: string;
  readonly modality: string;
  readonly input?: string;
  readonly tokens?: readonly (readonly number[])[];
  readonly output: string;
}

let folder: string;
let checkpoint: Checkpoint;
let variant: Variant;
let cases: readonly GoldenCase[];

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'sensebind-golden-'));
  checkpoint = await openCheckpoint(golden('imagebind_tiny.pth'));
  variant = await readVariant(golden('golden.json'));
  const content = JSON.parse(await readFile(golden('golden.json'), 'utf8')) as { cases: readonly GoldenCase[] };
  cases = content.cases.filter(({ kind }) => kind === 'encoder');
});

after(async () => {
  await checkpoint.close();
  await rm(folder, { recursive: true, force: true });
});

async function write(modality: string, precision: 'fp32' | 'fp16') {
  const plan = await planEncoder(checkpoint, variant, modality);
  const base = path.join(folder, `${modality}-${precision}-${Math.random()}`);
  const files = await writeEncoder(checkpoint, plan, {
    modelPath: `${base}.onnx`,
    weightsPath: `${base}.weights`,
    precision,
  });
  return { plan, ...files };
}

async function feedOf({ input, tokens }: GoldenCase, { itemShape }: EncoderPlan): Promise<Feed> {
  if (input === undefined) {
    const ids = tokens ?? [];
    return { data: Int32Array.from(ids.flat()), shape: [ids.length, ...itemShape] };
  }
  const array = await readFloats(golden(input));
  const count = itemShape.reduce((product, size) => product * size, 1);
  const data = array.shape.join() === `2,3,224,224` ? everyFrameTwice(array.data, 224 * 224) : array.data;
  return { data, shape: [data.length / count, ...itemShape] };
}

/** A still picture is two equal frames (reference/imagebind.md §1.3). */
function everyFrameTwice(data: Float32Array, frame: number): Float32Array {
  const twice = new Float32Array(2 * data.length);
  for (let start = 0; start < data.length; start += frame) {
    twice.set(data.subarray(start, start + frame), 2 * start);
    twice.set(data.subarray(start, start + frame), 2 * start + frame);
  }
  return twice;
}

/** Rows of unit length. */
function unitRows(data: Float32Array, width: number): readonly (readonly number[])[] {
  return Array.from({ length: data.length / width }, (_, row) => {
    const numbers = [...data.subarray(row * width, (row + 1) * width)];
    const length = Math.hypot(...numbers);
    return numbers.map((number) => number / length);
  });
}

/** The unit mean of each group of `size` rows: clips of one recording. */
function unitMeans({ data, shape }: Output, size: number): readonly (readonly number[])[] {
  const [rows = 0, width = 0] = shape;
  const sums = new Float32Array((rows / size) * width);
  data.forEach((number, index) => {
    const place = Math.floor(index / width / size) * width + (index % width);
    sums[place] = (sums[place] ?? 0) + number / size;
  });
  return unitRows(sums, width);
}

function compare(actual: readonly (readonly number[])[], expected: readonly (readonly number[])[]) {
  assert.equal(actual.length, expected.length);
  const pairs = actual.map((row, index) => ({ row, other: expected[index] ?? [] }));
  return {
    deviation: Math.max(
      ...pairs.flatMap(({ row, other }) => row.map((number, i) => Math.abs(number - (other[i] ?? 0)))),
    ),
    cosine: Math.min(
      ...pairs.map(({ row, other }) => row.reduce((sum, number, i) => sum + number * (other[i] ?? 0), 0)),
    ),
  };
}

for (const precision of ['fp32', 'fp16'] as const) {
  test(`all golden encoder cases agree with PyTorch in ${precision}`, async () => {
    assert.deepEqual(new Set(cases.map(({ modality }) => modality)), new Set(modalitiesOf(checkpoint)));
    for (const golden_ of cases) {
      const { plan, model } = await write(golden_.modality, precision);
      const expected = await readFloats(golden(golden_.output));
      const [output] = await runModel(model.path, {
        output: 'embedding',
        feeds: [{ input: await feedOf(golden_, plan) }],
      });
      assert.ok(output !== undefined);
      const rows = expected.data.length / plan.dimensions;
      const { deviation, cosine } = compare(
        unitMeans(output, (output.shape[0] ?? 0) / rows),
        unitRows(expected.data, plan.dimensions),
      );
      const found = `${golden_.modality}: deviation ${deviation}, cosine ${cosine}`;
      assert.ok(cosine >= (precision === 'fp32' ? 0.99999 : 0.999), found);
      assert.ok(deviation <= (precision === 'fp32' ? 1e-4 : 1e-2), found);
    }
  });
}

test('logit scales are those of the checkpoint, up to 100', async () => {
  // tests/golden/README.md; the text's is the initial 1 / 0.07 of reference/imagebind.md §1.1.
  const expected = { vision: 1, text: 1 / 0.07, audio: 20, depth: 5, thermal: 10, imu: 5 };
  for (const [modality, scale] of Object.entries(expected)) {
    const { logitScale } = await planEncoder(checkpoint, variant, modality);
    assert.ok(Math.abs(logitScale / scale - 1) < 1e-6, `${modality}: ${logitScale}`);
  }
});

test('a batch gives what its items give alone, and unit vectors', async () => {
  for (const modality of modalitiesOf(checkpoint)) {
    const { plan, model } = await write(modality, 'fp32');
    const item = cases.find((candidate) => candidate.modality === modality);
    assert.ok(item !== undefined);
    const batch = await feedOf(item, plan);
    const [items = 0] = batch.shape;
    const count = batch.data.length / items;
    const alone = Array.from({ length: items }, (_, index) => ({
      input: { data: batch.data.slice(index * count, (index + 1) * count), shape: [1, ...plan.itemShape] },
    }));
    const [together, ...single] = await runModel(model.path, {
      output: 'embedding',
      feeds: [{ input: batch }, ...alone],
    });
    assert.deepEqual(together?.shape, [items, plan.dimensions]);
    single.forEach(({ data, shape }, index) => {
      assert.deepEqual(shape, [1, plan.dimensions]);
      const row = together?.data.subarray(index * plan.dimensions, (index + 1) * plan.dimensions) ?? [];
      assert.ok(
        data.every((number, place) => Math.abs(number - (row[place] ?? 0)) <= 1e-6),
        modality,
      );
      assert.ok(Math.abs(Math.hypot(...data) - 1) < 1e-6, modality);
    });
  }
});

test('fp16 stores the matrices in half the bytes, and nothing else', async () => {
  const { model } = await write('imu', 'fp16');
  for (const { value, content } of decodeModel(await readFile(model.path)).initializers) {
    if (content.kind !== 'external') continue;
    const isMatrix = /(proj|fc1|fc2|\.3)\.weight$|in_proj_weight$/.test(value.name);
    const elements = value.shape.reduce<number>((product, size) => product * Number(size), 1);
    assert.deepEqual(
      [value.type, content.byteLength],
      isMatrix ? ['float16', 2 * elements] : ['float32', 4 * elements],
    );
  }
});
