import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { InferenceSession } from 'onnxruntime-node';
import { type Bundle, openBundle } from '../../../models/bundle/bundle';
import type { CalibrationSource } from '../../../models/bundle/calibration';
import { convertCheckpoint } from '../../../models/bundle/convert';
import { convertToInt8 } from '../../../models/bundle/convertToInt8';
import type { StoredPrecision } from '../../../models/bundle/manifest';
import { type QuantizationOptions, quantizeBundle } from '../../../models/bundle/quantizeBundle';
import type { StateDict } from '../../../models/checkpoint/stateDict';
import { readVariant } from '../../../models/imagebind/variant';
import { decodeModel } from '../../../models/onnx/decode';
import { GraphSession } from '../../../models/onnx/quantize/graphSession';
import { dot } from '../../../runtime/inference/vectors';
import { generatedInputs } from '../../../runtime/learn/calibrate/generatedInputs';
import { convertImu, withTinyCheckpoint } from '../../support/imuBundle';
import { golden } from '../../support/paths';
import { refused } from '../../support/refused';
import { temporaryFolder } from '../../support/temporaryFolder';
import { TINY_LICENCE } from '../../support/tinyBundle';

let folder: string;
let source: Bundle;

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'sensebind-quantize-'));
  source = await imuBundle('fp32');
});

after(() => rm(folder, { recursive: true, force: true }));

/** The imu encoder of the golden checkpoint, beside a file that is not ours. */
async function imuBundle(precision: StoredPrecision): Promise<Bundle> {
  const directory = path.join(folder, precision);
  await convertImu(directory, { precision });
  await writeFile(path.join(directory, 'LICENCE.md'), 'mine');
  return openBundle(directory, { stateDirectory: path.join(folder, 'state') });
}

const OPTIONS: Omit<QuantizationOptions, 'outputDirectory'> = { calibration: generatedInputs, threads: 1 };

describe('a bundle in int8', () => {
  let int8: Bundle;

  before(async () => {
    const outputDirectory = path.join(folder, 'int8');
    const { manifest, encoders } = await quantizeBundle(source, { ...OPTIONS, outputDirectory });
    int8 = await openBundle(outputDirectory, { stateDirectory: path.join(folder, 'state') });
    assert.equal(JSON.stringify(int8.manifest), JSON.stringify(manifest));
    const { worstCosine } = int8.manifest.encoders['imu']!.quantization!.heldBack;
    assert.deepEqual(
      encoders.map((row) => [row.modality, row.worstCosine, row.time]),
      [['imu', worstCosine, undefined]],
    );
  });

  it('says how it was measured, stays in its space, and takes all other files over', async () => {
    const { precision, quantization, ...rest } = int8.manifest.encoders['imu']!;
    assert.equal(precision, 'int8');
    assert.deepEqual([quantization?.calibration.inputs, quantization?.heldBack.inputs], [8, 8]);
    assert.match(quantization!.calibration.source, /generated/);
    assert.ok(quantization!.heldBack.worstCosine >= 0.99, String(quantization!.heldBack.worstCosine));
    // Two blocks of four products each, and the head: a stem is never int8.
    assert.deepEqual([quantization?.int8Layers, quantization?.fp32Layers], [9, []]);
    const { input, preset, logitScale, parameters } = source.manifest.encoders['imu']!;
    const { model, weights, ...kept } = rest;
    assert.deepEqual(kept, { input, preset, logitScale, parameters });
    assert.equal(int8.manifest.space, source.manifest.space);
    assert.equal(await readFile(path.join(int8.directory, 'LICENCE.md'), 'utf8'), 'mine');
  });

  it('stores each weight of a linear layer in one byte', async () => {
    const { initializers } = decodeModel(await readFile(path.join(int8.directory, 'imu.onnx')));
    const packed = initializers.filter(({ value }) => value.name.endsWith('.int8'));
    assert.equal(packed.length, 9);
    for (const { value, content } of packed) {
      const elements = value.shape.reduce<number>((product, size) => product * Number(size), 1);
      assert.deepEqual([value.type, content.kind === 'external' && content.byteLength], ['int8', elements]);
      assert.ok(content.kind === 'external' && content.offset % 4096 === 0);
    }
  });

  it('takes one item at a time, since a scale is that of a whole tensor', async () => {
    const session = await InferenceSession.create(path.join(int8.directory, 'imu.onnx'));
    const [input] = session.inputMetadata;
    await session.release();
    assert.ok(input?.isTensor);
    assert.equal(input.shape[0], 1);
  });

  it('is computed in one fused operator a layer', async () => {
    const optimizedModelFilePath = path.join(folder, 'optimized.onnx');
    const options = { optimizedModelFilePath, logSeverityLevel: 3 } as const;
    await (await InferenceSession.create(path.join(int8.directory, 'imu.onnx'), options)).release();
    // The runtime's own dump names the operator of each node.
    const dump = await readFile(optimizedModelFilePath, 'latin1');
    assert.equal(dump.split('DynamicQuantizeMatMul').length - 1, 9);
    assert.doesNotMatch(dump, /MatMulInteger|DynamicQuantizeLinear/);
  });

  it('gives the same embeddings whether it is made of fp32 or of fp16', async () => {
    const half = await imuBundle('fp16');
    const outputDirectory = path.join(folder, 'int8-of-fp16');
    const { manifest } = await quantizeBundle(half, { ...OPTIONS, outputDirectory });
    assert.equal(manifest.encoders['imu']?.quantization?.int8Layers, 9);
    const item = { data: new Float32Array(12_000).fill(0.5), shape: [1, 6, 2000] };
    const vectors: Float32Array[] = [];
    for (const directory of [int8.directory, outputDirectory]) {
      const session = await GraphSession.ofFile(path.join(directory, 'imu.onnx'), { threads: 1 });
      vectors.push(await session.embed(item));
      await session.release();
    }
    assert.ok(dot(vectors[0]!, vectors[1]!) > 0.999);
  });

  it('keeps its layers in fp32 where int8 spoils the embedding, those that do the harm', async () => {
    const directory = path.join(folder, 'spoilt');
    const spoilt = 'modality_trunks.imu.blocks.0.mlp.fc2.weight';
    await withTinyCheckpoint(async (checkpoint) => {
      await convertCheckpoint(withOneLargeUnit(checkpoint, spoilt), {
        ...{ variant: await readVariant(golden('golden.json')), modalities: ['imu'], outputDirectory: directory },
        ...{ precision: 'fp32', name: 'spoilt', trained: false, licence: TINY_LICENCE },
      });
    });
    const bundle = await openBundle(directory, { stateDirectory: path.join(folder, 'state') });
    const outputDirectory = path.join(folder, 'mended');
    const { encoders } = await quantizeBundle(bundle, { ...OPTIONS, outputDirectory });
    assert.ok(encoders[0]!.worstCosine >= 0.99 && encoders[0]!.int8Layers > 0, JSON.stringify(encoders));
    assert.equal(encoders[0]!.fp32Layers[0], spoilt);
  });

  it('leaves an encoder as it is where no try reaches what is asked for, and says so', async () => {
    const outputDirectory = path.join(folder, 'kept');
    const { encoders } = await quantizeBundle(source, { ...OPTIONS, outputDirectory, leastCosine: 1.1 });
    assert.deepEqual([encoders[0]!.int8Layers, encoders[0]!.fp32Layers.length], [0, 9]);
    assert.equal(encoders[0]!.bytesAfter, encoders[0]!.bytesBefore);
    const kept = await openBundle(outputDirectory, { stateDirectory: path.join(folder, 'state') });
    const { quantization, ...encoder } = kept.manifest.encoders['imu']!;
    assert.deepEqual(encoder, source.manifest.encoders['imu']);
    assert.equal(quantization?.int8Layers, 0);
    assert.deepEqual((await readdir(outputDirectory)).sort(), (await readdir(source.directory)).sort());
  });

  it('is made of a checkpoint by way of fp32, of which nothing stays', async (context) => {
    const place = await temporaryFolder(context);
    const outputDirectory = path.join(place, 'bundle');
    const variant = await readVariant(golden('golden.json'));
    const { manifest } = await withTinyCheckpoint((checkpoint) =>
      convertToInt8(checkpoint, {
        conversion: { variant, modalities: ['imu'], name: 'tiny', trained: false, licence: TINY_LICENCE },
        quantization: { ...OPTIONS, outputDirectory },
      }),
    );
    assert.equal(manifest.encoders['imu']?.precision, 'int8');
    assert.deepEqual(await readdir(place), ['bundle']);
    const opened = await openBundle(outputDirectory, { stateDirectory: path.join(folder, 'state') });
    assert.deepEqual(Object.keys(opened.manifest.encoders), ['imu']);
  });
});

/**
 * A hidden unit that is always large and that nothing listens to: one scale for all of them leaves the others nothing.
 * No LayerNorm stands in front of this layer, so that nothing evens it out.
 */
function withOneLargeUnit(checkpoint: StateDict, layer: string): StateDict {
  const bias = layer.replace('fc2.weight', 'fc1.bias');
  const columns = checkpoint.tensors.get(layer)!.shape[1]!;
  const readFloats = async (name: string): Promise<Float32Array> => {
    const numbers = await checkpoint.readFloats(name);
    if (name === bias) numbers[0] = 3000;
    if (name === layer) for (let at = 0; at < numbers.length; at += columns) numbers[at] = 0;
    return numbers;
  };
  return {
    tensors: checkpoint.tensors,
    readFloats,
    readBytes: (name) => checkpoint.readBytes(name),
    close: () => checkpoint.close(),
  };
}

describe('what cannot become int8', () => {
  const of = (data: Float32Array, count = 2): CalibrationSource => {
    return () => ({
      description: 'a test',
      items: (async function* () {
        for (let made = 0; made < count; made++) yield { data, shape: [1, 6, 2000] };
      })(),
    });
  };

  it('is refused, and nothing is left: an encoder that is missing, or int8 already', async (context) => {
    const place = await temporaryFolder(context);
    const outputDirectory = path.join(place, 'int8');
    const attempt = (modalities?: readonly string[], bundle = source) =>
      quantizeBundle(bundle, { ...OPTIONS, outputDirectory: path.join(place, 'other'), modalities });
    await assert.rejects(attempt(['radar']), refused('MODALITY_UNKNOWN', /imu.*radar/));
    await assert.rejects(attempt(['constructor']), refused('MODALITY_UNKNOWN'));
    await quantizeBundle(source, { ...OPTIONS, outputDirectory, modalities: ['imu'] });
    const once = await openBundle(outputDirectory, { stateDirectory: path.join(folder, 'state') });
    await assert.rejects(attempt(['imu'], once), refused('INPUT_INVALID', /int8 already/));
    await assert.rejects(attempt(undefined, once), refused('INPUT_INVALID', /bundle is int8 already/));
    assert.deepEqual(await readdir(place), ['int8']);
  });

  it('is refused for inputs that are too few or no numbers', async (context) => {
    const place = await temporaryFolder(context);
    const attempt = (calibration: CalibrationSource) =>
      quantizeBundle(source, {
        ...OPTIONS,
        calibration,
        outputDirectory: path.join(place, 'int8'),
        modalities: ['imu'],
      });
    await assert.rejects(attempt(of(new Float32Array(12_000), 0)), refused('CALIBRATION_INVALID', /found 0/));
    await assert.rejects(attempt(of(new Float32Array(12_000), 1)), refused('CALIBRATION_INVALID', /found 1/));
    await assert.rejects(
      attempt(of(new Float32Array(12_000).fill(Number.NaN))),
      refused('CALIBRATION_INVALID', /finite/),
    );
    assert.deepEqual(await readdir(place), []);
  });

  it('stops when asked to, and leaves nothing', async (context) => {
    const place = await temporaryFolder(context);
    for (const step of ['observe', 'write', 'compare'] as const) {
      const controller = new AbortController();
      const attempt = quantizeBundle(source, {
        ...OPTIONS,
        outputDirectory: path.join(place, 'int8'),
        modalities: ['imu'],
        signal: controller.signal,
        onProgress: (progress) => {
          if (progress.step === step) controller.abort();
        },
      });
      await assert.rejects(attempt, refused('CONVERSION_ABORTED'), step);
      assert.deepEqual(await readdir(place), [], step);
    }
  });

  it('does not replace what is there, unless told', async (context) => {
    const place = await temporaryFolder(context);
    await writeFile(path.join(place, 'mine'), '');
    const attempt = quantizeBundle(source, { ...OPTIONS, outputDirectory: place, modalities: ['imu'] });
    await assert.rejects(attempt, refused('OUTPUT_EXISTS'));
    assert.deepEqual(await readdir(place), ['mine']);
  });
});
