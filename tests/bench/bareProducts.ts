import path from 'node:path';
import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { leading } from '../../models/onnx/arrange';
import { Graph, type Value } from '../../models/onnx/graph';
import { matMul } from '../../models/onnx/linear';
import { writeModel } from '../../models/onnx/writeModel';
import { noise } from './noise';

export interface BareProducts {
  /** Rows of all matrices. */
  readonly rows: number;
  /** Columns of the first input; those of the inner product in between. */
  readonly width: number;
  readonly hidden: number;
  /** About so many floating-point operations in one run: how long a run takes. */
  readonly operations: number;
}

/**
 * Writes a chain of bare matrix products, `[rows, width] · [width, hidden]` and back in turn: what this machine reaches
 * where there is nothing but products.
 *
 * Only the first row comes out. A whole result would be new memory in every run, and its first touch took up to twice as
 * long as the product (measured in a virtual machine: 33 ms in place of 12 for 1024³). In between, the runtime uses its
 * own memory again, as encoders do.
 */
export async function writeBareProducts(
  { rows, width, hidden, operations }: BareProducts,
  { folder, name }: { readonly folder: string; readonly name: string },
): Promise<{ readonly modelPath: string; readonly operations: number; readonly feed: InferenceSession.FeedsType }> {
  const graph = new Graph(name);
  const input = graph.input('input', { type: 'float32', shape: [rows, width] });
  const there = weightOf(graph, { name: 'there', inner: width, columns: hidden });
  const back = weightOf(graph, { name: 'back', inner: hidden, columns: width });
  const pairOperations = 2 * 2 * rows * width * hidden;
  const pairs = Math.max(1, Math.round(operations / pairOperations));
  let rowsOut: Value<'float32'> = input;
  for (let pair = 0; pair < pairs; pair++) rowsOut = matMul(matMul(rowsOut, there), back);
  graph.output('output', leading(rowsOut, { axes: [0], sizes: [1] }));
  const modelPath = path.join(folder, `${name}.onnx`);
  await writeModel(graph, { modelPath, weightsPath: `${modelPath}.data` });
  const feed = { input: new Tensor(noise(rows * width), [rows, width]) };
  return { modelPath, operations: pairs * pairOperations, feed };
}

/** Of a size that keeps the variance of what it is multiplied with, so that a long chain stays finite. */
function weightOf(
  graph: Graph,
  { name, inner, columns }: { readonly name: string; readonly inner: number; readonly columns: number },
): Value<'float32'> {
  const scale = Math.sqrt(3 / inner);
  const read = async (): Promise<Float32Array> => noise(inner * columns).map((value) => scale * value);
  return graph.initializer(name, { type: 'float32', shape: [inner, columns], content: { kind: 'streamed', read } });
}
