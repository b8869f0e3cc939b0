import { InferenceSession, type OnnxValue, Tensor } from 'onnxruntime-node';
import { encodeModel } from '../../../models/onnx/encode';
import type { Graph } from '../../../models/onnx/graph';

/** A float32 output: its elements in C order, and its shape. */
export interface Output {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

export type Feed = { readonly data: Float32Array | Int32Array; readonly shape: readonly number[] };

/** Session options of reference/onnxruntime.md §0.7; warnings are shown, since a clean model has none. */
const OPTIONS: InferenceSession.SessionOptions = {
  graphOptimizationLevel: 'all',
  intraOpNumThreads: 1,
  extra: { session: { intra_op: { allow_spinning: '0' } } },
  logSeverityLevel: 2,
};

/** Loads a model by path, runs it once per feed and releases it. */
export async function runModel(
  modelPath: string,
  { output, feeds }: { readonly output: string; readonly feeds: readonly Readonly<Record<string, Feed>>[] },
): Promise<readonly Output[]> {
  const session = await InferenceSession.create(modelPath, OPTIONS);
  try {
    const outputs: Output[] = [];
    for (const feed of feeds) {
      const results = await session.run(
        Object.fromEntries(Object.entries(feed).map(([name, value]) => [name, tensorOf(value)])),
      );
      outputs.push(floatsOf(results[output]));
    }
    return outputs;
  } finally {
    await session.release();
  }
}

/** Runs a graph without streamed initialisers once; its float32 outputs by name. */
export async function runGraph(
  graph: Graph,
  feeds: Readonly<Record<string, Feed>>,
): Promise<ReadonlyMap<string, Float32Array>> {
  const session = await InferenceSession.create(encodeModel(graph), OPTIONS);
  try {
    const results = await session.run(
      Object.fromEntries(Object.entries(feeds).map(([name, value]) => [name, tensorOf(value)])),
    );
    return new Map(graph.outputs.map(({ name }) => [name, floatsOf(results[name]).data]));
  } finally {
    await session.release();
  }
}

function tensorOf({ data, shape }: Feed): Tensor {
  return data instanceof Float32Array ? new Tensor('float32', data, shape) : new Tensor('int32', data, shape);
}

function floatsOf(value: OnnxValue | undefined): Output {
  if (value instanceof Tensor && value.data instanceof Float32Array) return { data: value.data, shape: value.dims };
  throw new Error('the model has no such float32 output');
}
