import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { randomStateDict } from '../../models/checkpoint/randomStateDict';
import { floatingPointOperations } from '../../models/imagebind/cost';
import { planEncoder, writeEncoder } from '../../models/imagebind/encoder';
import { IMAGEBIND_HUGE, imagebindLayout } from '../../models/imagebind/layout';
import type { ImagebindModality } from '../../models/imagebind/modality';
import { readVariant } from '../../models/imagebind/variant';
import { Graph } from '../../models/onnx/graph';
import { matMul } from '../../models/onnx/linear';
import { writeModel } from '../../models/onnx/writeModel';
import { sessionOptions } from '../../runtime/inference/session';
import { inputShape } from '../../runtime/preprocess/tensor';

import { type Figure, interleaved, median } from './measure';
import { noise } from './noise';

/** Share of a bare matrix product's rate that an encoder must reach (design.md, budgets). */
const LEAST_SHARE: Readonly<Record<ImagebindModality, number>> = {
  vision: 0.75,
  text: 0.65,
  audio: 0.75,
  depth: 0.75,
  thermal: 0.75,
  imu: 0.75,
};

const SQUARE = 1024;

export interface ForwardOptions {
  /** Where models are written; several GB for the largest. */
  readonly folder: string;
  readonly modality: ImagebindModality;
  readonly rounds: number;
  readonly threads: number;
}

/**
 * The fp32 forward of one full-size encoder with random weights, against bare matrix products of 1024³ and of this
 * encoder's first perceptron layer, in turn in this process.
 */
export async function benchForward(options: ForwardOptions): Promise<Figure & { readonly millis: number }> {
  const { modality, rounds } = options;
  const folder = await mkdtemp(path.join(options.folder, `forward-${modality}-`));
  const { width, hidden, tokens } = IMAGEBIND_HUGE.towers[modality];
  const square = await matrixProduct([SQUARE, SQUARE, SQUARE], { ...options, folder });
  const layer = await matrixProduct([tokens, width, hidden], { ...options, folder });
  const encoder = await encoderRun({ ...options, folder });
  try {
    const millis = await interleaved({ square: square.run, layer: layer.run, encoder: encoder.run }, rounds);
    const rate = (name: 'square' | 'layer' | 'encoder', operations: number) => operations / median(millis[name]) / 1e6;
    const rates = {
      square: rate('square', square.operations),
      layer: rate('layer', layer.operations),
      encoder: rate('encoder', floatingPointOperations(modality)),
    };
    const share = rates.encoder / Math.max(rates.square, rates.layer);
    const milliseconds = median(millis.encoder);
    return {
      name: `${modality} forward, fp32, full size`,
      measured: `${percent(share)} of a bare MatMul (${milliseconds.toFixed(1)} ms, ${rates.encoder.toFixed(0)} GFLOP/s)`,
      budget: `≥ ${percent(LEAST_SHARE[modality])}`,
      holds: share >= LEAST_SHARE[modality],
      millis: milliseconds,
      ratio: { value: share, better: 'higher' },
      details: {
        share,
        milliseconds,
        rounds,
        gflopsSquare: rates.square,
        gflopsLayer: rates.layer,
        gflopsEncoder: rates.encoder,
      },
    };
  } finally {
    for (const session of [square, layer, encoder]) await session.release();
    await rm(folder, { recursive: true });
  }
}

interface Runnable {
  readonly operations: number;
  run(): Promise<unknown>;
  release(): Promise<void>;
}

type Size = readonly [rows: number, inner: number, columns: number];

async function matrixProduct([rows, inner, columns]: Size, { folder, threads }: ForwardOptions): Promise<Runnable> {
  const name = `matmul-${rows}x${inner}x${columns}`;
  const graph = new Graph(name);
  const x = graph.input('input', { type: 'float32', shape: [rows, inner] });
  const weight = graph.initializer('weight', {
    type: 'float32',
    shape: [inner, columns],
    content: { kind: 'streamed', read: async () => noise(inner * columns) },
  });
  graph.output('output', matMul(x, weight));
  const modelPath = path.join(folder, `${name}.onnx`);
  await writeModel(graph, { modelPath, weightsPath: `${modelPath}.data` });
  return open(modelPath, {
    feed: new Tensor(noise(rows * inner), [rows, inner]),
    operations: 2 * rows * inner * columns,
    threads,
  });
}

async function encoderRun({ folder, modality, threads }: ForwardOptions): Promise<Runnable> {
  const checkpoint = randomStateDict(imagebindLayout(IMAGEBIND_HUGE, [modality]), { seed: 1 });
  const plan = await planEncoder(checkpoint, await readVariant('imagebind_huge'), modality);
  const modelPath = path.join(folder, `${modality}.onnx`);
  await writeEncoder(checkpoint, plan, { modelPath, weightsPath: `${modelPath}.data`, precision: 'fp32' });
  const shape = [1, ...inputShape(plan.input)];
  const count = shape.reduce((product, size) => product * size, 1);
  const feed =
    plan.input.kind === 'tokens'
      ? new Tensor(
          'int32',
          Int32Array.from({ length: count }, (_, index) => (index < 12 ? 320 + index : 0)).fill(49_407, 12, 13),
          shape,
        )
      : new Tensor(noise(count), shape);
  return open(modelPath, { feed, operations: floatingPointOperations(modality), threads });
}

async function open(
  modelPath: string,
  { feed, operations, threads }: { readonly feed: Tensor; readonly operations: number; readonly threads: number },
): Promise<Runnable> {
  const session = await InferenceSession.create(modelPath, sessionOptions({ provider: 'cpu', threads }));
  return { operations, run: () => session.run({ input: feed }), release: () => session.release() };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
