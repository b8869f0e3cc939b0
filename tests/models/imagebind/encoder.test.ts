import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fromBinary } from '@bufbuild/protobuf';
import { randomStateDict } from '../../../models/checkpoint/randomStateDict';
import { anchorTensors, modalitiesOf, planEncoder, writeEncoder } from '../../../models/imagebind/encoder';
import { IMAGEBIND_HUGE, imagebindLayout } from '../../../models/imagebind/layout';
import { readVariant } from '../../../models/imagebind/variant';
import { ModelProtoSchema } from '../../../models/onnx/onnx.generated';
import { type ErrorCode, isSensebindError } from '../../../runtime/errors';
import { type MemoryTensor, memoryStateDict, randomTensors } from './memoryStateDict';
import { SMALL_DIMENSIONS, SMALL_VARIANT } from './smallModel';

const TENSORS = randomTensors(imagebindLayout(SMALL_DIMENSIONS), { seed: 3, size: 0.4 });
const FC1 = 'modality_trunks.imu.blocks.1.mlp.fc1.weight';
let folder: string;

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'sensebind-encoder-'));
});

after(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function target(name: string) {
  const inside = await mkdtemp(path.join(folder, `${name}-`));
  return {
    inside,
    modelPath: path.join(inside, `${name}.onnx`),
    weightsPath: path.join(inside, `${name}.weights`),
    precision: 'fp32',
  } as const;
}

function refusal(code: ErrorCode, pattern: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(isSensebindError(error, code), String(error));
    assert.match(error.message, pattern);
    return true;
  };
}

/** The checkpoint with one tensor replaced by others. */
function damaged(name: string, others: readonly MemoryTensor[]) {
  assert.ok(TENSORS.some((tensor) => tensor.name === name));
  return memoryStateDict([...TENSORS.filter((tensor) => tensor.name !== name), ...others]);
}

function zeros(name: string, shape: readonly number[]): MemoryTensor {
  return { name, shape, data: new Float32Array(shape.reduce((product, size) => product * size, 1)) };
}

test('full-size plans of imagebind_huge hold the published numbers', async () => {
  // reference/imagebind.md §1.1, row "parameters"; the text's figure there counts the mask of 77 × 77.
  const parameters = {
    vision: 632_829_440,
    text: 354_038_570 - 77 * 77,
    audio: 86_235_649,
    depth: 21_871_873,
    thermal: 86_211_073,
    imu: 19_600_385,
  };
  const checkpoint = randomStateDict(imagebindLayout(IMAGEBIND_HUGE), { seed: 1 });
  const variant = await readVariant('imagebind_huge');
  for (const [modality, expected] of Object.entries(parameters)) {
    const plan = await planEncoder(checkpoint, variant, modality);
    assert.deepEqual([plan.parameters, plan.dimensions], [expected, 1024], modality);
    const summed = plan.tensors.reduce((sum, name) => sum + (checkpoint.tensors.get(name)?.byteLength ?? 0), 0);
    assert.equal(summed, 4 * expected, modality);
  }
});

test('the model is plain ONNX with a dynamic batch and aligned weights', async () => {
  for (const modality of modalitiesOf(memoryStateDict(TENSORS))) {
    const checkpoint = memoryStateDict(TENSORS);
    const plan = await planEncoder(checkpoint, SMALL_VARIANT, modality);
    const { model, weights } = await writeEncoder(checkpoint, plan, await target(modality));
    const { irVersion, opsetImport, graph } = fromBinary(ModelProtoSchema, await readFile(model.path));
    assert.equal(irVersion, 8n);
    assert.deepEqual(
      opsetImport.map(({ domain, version }) => [domain, version]),
      [['', 17n]],
    );
    assert.ok(graph !== undefined);
    assert.ok(graph.node.every(({ domain }) => domain === ''));
    // Shape arithmetic would run on the host under TensorRT.
    assert.ok(graph.node.every(({ opType }) => !['Shape', 'Expand', 'Loop', 'If'].includes(opType)));
    assert.deepEqual(
      [...graph.input, ...graph.output].map(({ name }) => name),
      ['input', 'embedding'],
    );
    for (const { type } of [...graph.input, ...graph.output]) {
      assert.ok(type?.value.case === 'tensorType');
      assert.deepEqual(type.value.value.shape?.dim[0]?.value, { case: 'dimParam', value: 'batch' });
    }
    let end = 0;
    for (const { externalData } of graph.initializer) {
      const entries = new Map(externalData.map(({ key, value }) => [key, value]));
      if (entries.size === 0) continue;
      const offset = Number(entries.get('offset'));
      assert.ok(offset % 4096 === 0 && offset >= end, `${modality}: ${offset}`);
      end = offset + Number(entries.get('length'));
    }
    assert.equal(end, weights.bytes);
  }
});

test('every tensor of the plan is reported once, with its size in the checkpoint', async () => {
  const checkpoint = memoryStateDict(TENSORS);
  for (const modality of modalitiesOf(checkpoint)) {
    const plan = await planEncoder(checkpoint, SMALL_VARIANT, modality);
    const reported: (readonly [string, number])[] = [];
    const onTensor = (name: string, bytes: number): void => {
      reported.push([name, bytes]);
    };
    await writeEncoder(checkpoint, plan, { ...(await target(modality)), onTensor });
    const expected = plan.tensors.map((name) => [name, checkpoint.tensors.get(name)?.byteLength] as const);
    assert.deepEqual(new Map<string, number | undefined>(reported), new Map(expected));
    assert.equal(reported.length, expected.length);
  }
});

test('modalities and anchor are read from the names', () => {
  const some = memoryStateDict(TENSORS.filter(({ name }) => /\.(vision|text|imu)\./.test(name)));
  assert.deepEqual(modalitiesOf(some), ['vision', 'text', 'imu']);
  const anchor = anchorTensors(some);
  assert.ok(anchor.every((name) => /^modality_\w+\.(vision|text)\./.test(name)));
  assert.deepEqual(anchor, [...anchor].sort());
  const towers = TENSORS.filter(({ name }) => /\.(vision|text)\./.test(name));
  assert.equal(anchor.length, towers.length - 1);
  assert.ok(!anchor.includes('modality_preprocessors.text.mask'));
});

test('a missing, misshapen or unknown tensor is named, with what was expected and found', async () => {
  const plan = (checkpoint: ReturnType<typeof damaged>) => planEncoder(checkpoint, SMALL_VARIANT, 'imu');
  await assert.rejects(plan(damaged(FC1, [])), refusal('CHECKPOINT_LAYOUT', /blocks\.1\.mlp\.fc1\.weight/));
  await assert.rejects(
    plan(damaged(FC1, [zeros(FC1, [20, 13])])),
    refusal(
      'CHECKPOINT_LAYOUT',
      /Expected modality_trunks\.imu\.blocks\.1\.mlp\.fc1\.weight of shape \[20, 14\], found \[20, 13\]/,
    ),
  );
  const extra = 'modality_trunks.imu.blocks.1.attn.gate';
  await assert.rejects(
    plan(memoryStateDict([...TENSORS, zeros(extra, [3])])),
    refusal('CHECKPOINT_LAYOUT', /found modality_trunks\.imu\.blocks\.1\.attn\.gate/),
  );
  const stem = 'modality_preprocessors.imu.imu_stem.proj.weight';
  await assert.rejects(
    plan(damaged(stem, [zeros(stem, [14, 3, 5])])),
    refusal('CHECKPOINT_LAYOUT', /2 dimensions.*\[14, 3, 5\]/),
  );
  await assert.rejects(plan(memoryStateDict([])), refusal('CHECKPOINT_LAYOUT', /imu\.pos_embed/));
});

test('a text mask may be left out, but not be of another size', async () => {
  const mask = 'modality_preprocessors.text.mask';
  const plan = await planEncoder(damaged(mask, []), SMALL_VARIANT, 'text');
  assert.ok(!plan.tensors.includes(mask));
  await assert.rejects(
    planEncoder(damaged(mask, [zeros(mask, [8, 8])]), SMALL_VARIANT, 'text'),
    refusal('CHECKPOINT_LAYOUT', /text\.mask of shape \[9, 9\], found \[8, 8\]/),
  );
});

test('a variant that does not fit the checkpoint is refused', async () => {
  const { encoders } = SMALL_VARIANT;
  assert.ok(encoders.depth && encoders.imu && encoders.vision);
  const plan = (changed: Partial<typeof encoders>, modality: string) =>
    planEncoder(memoryStateDict(TENSORS), { ...SMALL_VARIANT, encoders: { ...encoders, ...changed } }, modality);
  await assert.rejects(
    plan({ depth: { ...encoders.depth, height: 40 } }, 'depth'),
    refusal('CHECKPOINT_LAYOUT', /Expected 61 rows in .*depth\.pos_embedding_helper\.pos_embed.*found 26/),
  );
  await assert.rejects(
    plan({ vision: { ...encoders.vision, frames: 2 } }, 'vision'),
    refusal('CHECKPOINT_LAYOUT', /Expected 21 rows/),
  );
  await assert.rejects(
    plan({ depth: { ...encoders.depth, heads: 3 } }, 'depth'),
    refusal('VARIANT_INVALID', /3 depth heads.*16/),
  );
  await assert.rejects(
    plan({ imu: { ...encoders.imu, kernel: 4 } }, 'imu'),
    refusal('VARIANT_INVALID', /kernel of 4.*15.*40/),
  );
  await assert.rejects(plan({}, 'smell'), refusal('MODALITY_UNKNOWN', /"smell"/));
  const { imu, ...others } = encoders;
  await assert.rejects(
    planEncoder(memoryStateDict(TENSORS), { ...SMALL_VARIANT, encoders: others }, 'imu'),
    refusal('VARIANT_INVALID', /"small" describes no imu encoder/),
  );
});

test('NaN or an infinity in any tensor that is read is named, and nothing is written', async () => {
  const clean = await planEncoder(memoryStateDict(TENSORS), SMALL_VARIANT, 'imu');
  for (const [index, name] of clean.tensors.entries()) {
    const tensor = TENSORS.find((candidate) => candidate.name === name);
    assert.ok(tensor !== undefined);
    const data = tensor.data.with(tensor.data.length - 1, index % 2 === 0 ? Number.NaN : Number.NEGATIVE_INFINITY);
    const checkpoint = damaged(name, [{ ...tensor, data }]);
    const place = await target('nan');
    await assert.rejects(
      async () => writeEncoder(checkpoint, await planEncoder(checkpoint, SMALL_VARIANT, 'imu'), place),
      refusal('CHECKPOINT_NOT_FINITE', new RegExp(`${name.replaceAll('.', '\\.')}, found (NaN|-Infinity)`)),
    );
    assert.deepEqual(await readdir(place.inside), []);
  }
});

test('the text mask is never read', async () => {
  const mask = TENSORS.find(({ name }) => name === 'modality_preprocessors.text.mask');
  assert.ok(mask !== undefined);
  const checkpoint = damaged(mask.name, [{ ...mask, data: mask.data.map(() => Number.NEGATIVE_INFINITY) }]);
  const plan = await planEncoder(checkpoint, SMALL_VARIANT, 'text');
  await assert.doesNotReject(async () => writeEncoder(checkpoint, plan, await target('mask')));
});

test('an abort between two tensors ends the conversion and leaves nothing', async () => {
  const controller = new AbortController();
  const checkpoint = memoryStateDict(TENSORS);
  const place = await target('aborted');
  let reported = 0;
  const onTensor = (): void => {
    reported += 1;
    if (reported === 5) controller.abort();
  };
  const plan = await planEncoder(checkpoint, SMALL_VARIANT, 'imu');
  await assert.rejects(
    writeEncoder(checkpoint, plan, { ...place, onTensor, signal: controller.signal }),
    refusal('CONVERSION_ABORTED', /aborted/),
  );
  assert.equal(reported, 5);
  assert.deepEqual(await readdir(place.inside), []);
});
