import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { reshape, thirds, transpose } from '../../../models/onnx/arrange';
import { decodeModel } from '../../../models/onnx/decode';
import { add, cast } from '../../../models/onnx/elementwise';
import { encodeModel } from '../../../models/onnx/encode';
import { Graph } from '../../../models/onnx/graph';
import { matMul } from '../../../models/onnx/linear';
import { layerNormalization } from '../../../models/onnx/reduce';
import { writeModel } from '../../../models/onnx/writeModel';
import { isSensebindError } from '../../../runtime/errors';
import { runModel } from './runModel';

let folder: string;

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'sensebind-onnx-'));
});

after(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function emptyFolder(
  name: string,
): Promise<{ readonly folder: string; readonly modelPath: string; readonly weightsPath: string }> {
  const inside = path.join(folder, name);
  await mkdir(inside);
  return { folder: inside, modelPath: path.join(inside, 'm.onnx'), weightsPath: path.join(inside, 'm.weights') };
}

function streamed(numbers: readonly number[]) {
  return { kind: 'streamed', read: async () => Float32Array.from(numbers) } as const;
}

/** y = x · W + b, with W = [[1, 2, 3], [4, 5, 6]] in float16 and b = [0.5, 0, −0.5]. */
function affine(): Graph {
  const graph = new Graph('affine');
  const x = graph.input('x', { type: 'float32', shape: ['batch', 2] });
  const weight = graph.initializer('W', { type: 'float16', shape: [2, 3], content: streamed([1, 2, 3, 4, 5, 6]) });
  const bias = graph.initializer('b', { type: 'float32', shape: [3], content: streamed([0.5, 0, -0.5]) });
  graph.output('y', add(matMul(x, cast(weight, 'float32')), bias));
  return graph;
}

test('a written model runs, and its files are what was reported', async () => {
  const target = await emptyFolder('runs');
  const names: string[] = [];
  const { model, weights } = await writeModel(affine(), { ...target, onInitializer: (name) => names.push(name) });
  const [output] = await runModel(model.path, {
    output: 'y',
    feeds: [{ x: { data: Float32Array.of(1, 1, 2, 0), shape: [2, 2] } }],
  });
  assert.deepEqual([...(output?.data ?? [])], [5.5, 7, 8.5, 2.5, 4, 5.5]);
  assert.deepEqual(names, ['W', 'b']);
  for (const file of [model, weights]) {
    const content = await readFile(file.path);
    assert.equal(content.length, file.bytes);
    assert.equal(createHash('sha256').update(content).digest('hex'), file.sha256);
  }
  assert.deepEqual((await readdir(target.folder)).sort(), ['m.onnx', 'm.weights']);
});

test('external tensors start at multiples of 4096 and hold little-endian bytes', async () => {
  const target = await emptyFolder('aligned');
  const { model, weights } = await writeModel(affine(), target);
  const content = await readFile(weights.path);
  const places = decodeModel(await readFile(model.path)).initializers.map(({ value, content: place }) => [
    value.name,
    place,
  ]);
  assert.deepEqual(places, [
    ['W', { kind: 'external', location: 'm.weights', offset: 0, byteLength: 12 }],
    ['b', { kind: 'external', location: 'm.weights', offset: 4096, byteLength: 12 }],
  ]);
  assert.equal(content.toString('hex', 0, 12), '003c00400042004400450046');
  assert.equal(content.toString('hex', 4096, 4108), '0000003f00000000000000bf');
});

test('a tensor beyond 4 GiB is found', async () => {
  const target = await emptyFolder('large');
  const offset = 2 ** 32 + 4096;
  const weights = await open(target.weightsPath, 'w');
  // A hole takes no space on the disk.
  await weights.write(Buffer.from(Float32Array.of(3, 5).buffer), 0, 8, offset);
  await weights.close();
  const graph = new Graph('large');
  const x = graph.input('x', { type: 'float32', shape: [2] });
  const content = { kind: 'external', location: 'm.weights', offset, byteLength: 8 } as const;
  graph.output('y', add(x, graph.initializer('w', { type: 'float32', shape: [2], content })));
  await writeFile(target.modelPath, encodeModel(graph));
  const [output] = await runModel(target.modelPath, {
    output: 'y',
    feeds: [{ x: { data: Float32Array.of(1, 2), shape: [2] } }],
  });
  assert.deepEqual([...(output?.data ?? [])], [4, 7]);
});

test('reading back what was encoded gives the same graph', () => {
  const graph = new Graph('all kinds of content');
  const x = graph.input('x', { type: 'float32', shape: ['batch', 6] });
  const place = { kind: 'external', location: 'w', offset: 8192, byteLength: 24 } as const;
  const scale = graph.initializer('scale', { type: 'float32', shape: [6], content: place });
  const normal = layerNormalization(x, { scale, bias: scale, epsilon: 0.5 });
  const [first] = thirds(normal, { axis: 1 });
  graph.integers([1, 2, 3], [3]);
  graph.output('y', transpose(reshape(add(first, 0.25), ['batch', 1, 2]), [2, 1, 0]));
  const again = decodeModel(encodeModel(graph));
  for (const part of ['name', 'inputs', 'outputs', 'initializers', 'nodes'] as const) {
    assert.deepStrictEqual(again[part], graph[part]);
  }
});

test('bytes that are no model of ours are refused, never anything else', () => {
  const refusal = (bytes: Uint8Array): void => {
    try {
      decodeModel(bytes);
    } catch (error) {
      assert.ok(isSensebindError(error, 'BUNDLE_CORRUPT'), String(error));
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), refusal));
  const damaged = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 }));
  const whole = encodeModel(small());
  fc.assert(
    fc.property(damaged, ([place, change]) => {
      const bytes = Uint8Array.from(whole);
      const index = place % bytes.length;
      bytes[index] = (bytes[index] ?? 0) ^ change;
      refusal(bytes);
      refusal(bytes.subarray(0, index));
    }),
    { numRuns: 500 },
  );
  assert.throws(() => decodeModel(new Uint8Array(0)), /no graph/);
});

function small(): Graph {
  const graph = new Graph('small');
  const x = graph.input('x', { type: 'float32', shape: ['batch', 2] });
  graph.output('y', transpose(add(x, graph.floats([1, 2], [2])), [1, 0]));
  return graph;
}

test('an aborted conversion leaves nothing', async () => {
  const target = await emptyFolder('aborted');
  const controller = new AbortController();
  await assert.rejects(
    writeModel(affine(), { ...target, signal: controller.signal, onInitializer: () => controller.abort() }),
    (error: unknown) => isSensebindError(error, 'CONVERSION_ABORTED'),
  );
  assert.deepEqual(await readdir(target.folder), []);
});

test('a number that float16 cannot hold is named, and nothing is left', async () => {
  const target = await emptyFolder('overflow');
  const graph = new Graph('overflow');
  const content = streamed([1, 70_000]);
  graph.output('y', cast(graph.initializer('w', { type: 'float16', shape: [2], content }), 'float32'));
  await assert.rejects(
    writeModel(graph, target),
    (error: unknown) => isSensebindError(error, 'PRECISION_OVERFLOW') && /70000 at 1/.test(error.message),
  );
  assert.deepEqual(await readdir(target.folder), []);
});

test('a folder that is not there is an error that says so', async () => {
  const gone = path.join(folder, 'gone', 'm');
  await assert.rejects(
    writeModel(affine(), { modelPath: `${gone}.onnx`, weightsPath: `${gone}.weights` }),
    (error: unknown) => isSensebindError(error, 'FILE_UNWRITABLE'),
  );
});
