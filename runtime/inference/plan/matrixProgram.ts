import '../../../models/onnx/noTelemetry';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Graph } from '../../../models/onnx/graph';
import { matMul } from '../../../models/onnx/linear';
import { writeModel } from '../../../models/onnx/writeModel';
import { systemClock } from '../../clock';
import { answerParent } from '../helperProcess';
import { loadRuntime, type Runtime, sessionOptions } from '../session';
import type { MachineRate } from './estimate';

export interface MatrixRequest {
  readonly threads: number;
  readonly runtimeModule: string;
}

/** Rows and columns of each matrix. */
const SIZE = 1024;
const OPERATIONS = 2 * SIZE ** 3;
const LONG_ENOUGH_MICROS = 1e6;
const LEAST_RUNS = 3;

async function matrixRate({ threads, runtimeModule }: MatrixRequest): Promise<MachineRate> {
  const runtime = loadRuntime(runtimeModule);
  const folder = await mkdtemp(path.join(tmpdir(), 'sensebind-rate-'));
  try {
    const modelPath = path.join(folder, 'product.onnx');
    await writeModel(product(), { modelPath, weightsPath: `${modelPath}.data` });
    return { operationsPerSecond: await rateOf(modelPath, { runtime, threads }), threads };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** As encoders multiply: by weights, which the runtime packs once. */
function product(): Graph {
  const graph = new Graph('product');
  const x = graph.input('input', { type: 'float32', shape: [SIZE, SIZE] });
  const weight = graph.initializer('weight', {
    type: 'float32',
    shape: [SIZE, SIZE],
    content: { kind: 'streamed', read: async () => values() },
  });
  graph.output('output', matMul(x, weight));
  return graph;
}

/** The fastest of a second's runs: whatever else the machine does only makes them slower. */
async function rateOf(
  modelPath: string,
  { runtime, threads }: { readonly runtime: Runtime; readonly threads: number },
): Promise<number> {
  const session = await runtime.InferenceSession.create(modelPath, sessionOptions({ provider: 'cpu', threads }));
  const feeds = { input: new runtime.Tensor(values(), [SIZE, SIZE]) };
  await session.run(feeds);
  let fastest = Number.POSITIVE_INFINITY;
  const begin = systemClock.monotonicMicros();
  for (let run = 0; run < LEAST_RUNS || systemClock.monotonicMicros() - begin < LONG_ENOUGH_MICROS; run++) {
    const start = systemClock.monotonicMicros();
    await session.run(feeds);
    fastest = Math.min(fastest, systemClock.monotonicMicros() - start);
  }
  await session.release();
  return (OPERATIONS * 1e6) / fastest;
}

function values(): Float32Array {
  return Float32Array.from({ length: SIZE * SIZE }, (_, index) => Math.sin(index * 0.37));
}

answerParent(matrixRate);
