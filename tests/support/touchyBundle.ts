import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openBundle } from '../../models/bundle/bundle';
import type { Manifest } from '../../models/bundle/manifest';
import { add, cast, mul } from '../../models/onnx/elementwise';
import { Graph, type Value } from '../../models/onnx/graph';
import { writeModel } from '../../models/onnx/writeModel';
import type { TensorInput } from '../../runtime/preprocess/input';
import { TINY_LICENCE, type TinyBundle } from './tinyBundle';

/** Channels of its input, all of which have one sample. */
const CHANNELS = 2;

/**
 * A bundle whose only encoder, `imu`, does with the real runtime what its input says: the first value is how many
 * elements it allocates, the second which of two rows it looks up.
 */
export async function touchyBundle(): Promise<TinyBundle> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sensebind-touchy-'));
  const directory = path.join(folder, 'bundle');
  await mkdir(directory);
  const { model, weights } = await writeModel(touchyGraph(), {
    modelPath: path.join(directory, 'imu.onnx'),
    weightsPath: path.join(directory, 'imu.weights'),
  });
  const manifest: Manifest = {
    format: 'sensebind-bundle/1',
    name: 'touchy',
    variant: 'touchy',
    space: 'touchy',
    dimensions: 2,
    trained: false,
    licence: TINY_LICENCE,
    encoders: {
      imu: {
        model: { file: 'imu.onnx', bytes: model.bytes, sha256: model.sha256 },
        weights: { file: 'imu.weights', bytes: weights.bytes, sha256: weights.sha256 },
        precision: 'fp32',
        input: { kind: 'series', channels: CHANNELS, rateHz: 1, windowSeconds: 1, samples: 1 },
        preset: 'none',
        logitScale: 1,
        parameters: 0,
      },
    },
  };
  await writeFile(path.join(directory, 'manifest.json'), JSON.stringify(manifest));
  const bundle = await openBundle(directory, { stateDirectory: path.join(folder, 'state') });
  return { bundle, directory, remove: () => rm(folder, { recursive: true, force: true }) };
}

export function touchyInput(elements: number, row: number): TensorInput {
  return { kind: 'tensor', data: Float32Array.of(elements, row), shape: [1, CHANNELS, 1] };
}

function touchyGraph(): Graph {
  const graph = new Graph('touchy');
  const input = graph.input('input', { type: 'float32', shape: ['batch', CHANNELS, 1] });
  const flat = graph.append('Reshape', {
    inputs: [input, graph.sizes([CHANNELS])],
    type: 'float32',
    shape: [CHANNELS],
  });
  const elements = cast(pick(graph, flat, 0), 'int64');
  const many = graph.append('Expand', { inputs: [graph.floats([1], [1]), elements], type: 'float32', shape: ['many'] });
  const sum = graph.append('ReduceMax', { inputs: [many], type: 'float32', shape: [1] });
  const rows = graph.floats([1, 0, 0, 1], [2, 2]);
  const row = graph.append('Gather', {
    inputs: [rows, cast(pick(graph, flat, 1), 'int64')],
    type: 'float32',
    shape: [1, 2],
  });
  graph.output('embedding', add(row, mul(sum, 1e-9)) as Value<'float32'>);
  return graph;
}

function pick(graph: Graph, values: Value<'float32'>, index: number): Value<'float32'> {
  return graph.append('Gather', { inputs: [values, graph.sizes([index])], type: 'float32', shape: [1] });
}
