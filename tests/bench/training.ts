import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { randomStateDict } from '../../models/checkpoint/randomStateDict';
import { type EncoderPlan, planEncoder } from '../../models/imagebind/encoder';
import { IMAGEBIND_MINI, imagebindLayout } from '../../models/imagebind/layout';
import type { ImagebindModality } from '../../models/imagebind/modality';
import { readVariant } from '../../models/imagebind/variant';
import { encodeModel } from '../../models/onnx/encode';
import type { Graph } from '../../models/onnx/graph';
import { elementCount, fixedShape } from '../../models/onnx/shape';
import { AdamW, clipLength } from '../../models/training/adamW';
import { FEEDS, FETCHES, learntLayout, pairTrainingGraph } from '../../models/training/contrastiveGraph';
import { initialParameters, slotsOf } from '../../models/training/initialise';
import { type Figure, median } from './measure';
import { noise } from './noise';

const BATCH = 64;
/** A step is also norms, softmax, GELU, sums, copies and the optimiser, which wait for memory and not for arithmetic. */
const TIMES_THE_PRODUCTS = 4;
/** What the runtime calls its matrix products after it has fused what it can. */
const PRODUCTS: readonly string[] = ['MatMul', 'FusedMatMul', 'Gemm'];

/**
 * A step of training image and text of the small model, against the matrix products inside the very same steps, as the
 * runtime's own profile has them. One thread: what threads wait for each other must not count.
 */
export async function benchTraining({ rounds }: { readonly rounds: number }): Promise<Figure> {
  const [vision, text] = [await miniPlan('vision'), await miniPlan('text')];
  const graph = pairTrainingGraph([vision, text], { batch: BATCH });
  const steps = await profiledSteps(graph, [vision, text], rounds);
  const stepMillis = median(steps.map(({ millis }) => millis));
  const productMillis = median(steps.map((step) => step.productMillis));
  const ratio = median(steps.map((step) => step.millis / step.productMillis));
  return {
    name: `training step, image and text of imagebind_mini, batch ${BATCH}`,
    measured: `${ratio.toFixed(2)}× its matrix products (${stepMillis.toFixed(0)} ms, one thread)`,
    budget: `≤ ${TIMES_THE_PRODUCTS}×`,
    holds: ratio <= TIMES_THE_PRODUCTS,
    details: { ratio, stepMillis, productMillis, rounds },
  };
}

async function miniPlan(modality: ImagebindModality): Promise<EncoderPlan> {
  const checkpoint = randomStateDict(imagebindLayout(IMAGEBIND_MINI), { seed: 1 });
  return planEncoder(checkpoint, await readVariant('imagebind_mini'), modality);
}

interface ProfiledStep {
  /** Gradient, clipping and AdamW. */
  readonly millis: number;
  readonly productMillis: number;
}

/** Gradient, clipping and AdamW, on noise; the first step warms up and is not told of. */
async function profiledSteps(
  graph: Graph,
  plans: readonly EncoderPlan[],
  rounds: number,
): Promise<readonly ProfiledStep[]> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'sensebind-profile-'));
  const session = await InferenceSession.create(encodeModel(graph), {
    intraOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    enableProfiling: true,
    profileFilePrefix: path.join(folder, 'step'),
  });
  try {
    const layout = plans.flatMap(learntLayout);
    const parameters = initialParameters(layout, { seed: 1 });
    const gradient = new Float32Array(parameters.length);
    const optimiser = new AdamW(slotsOf(layout), { beta1: 0.9, beta2: 0.95, weightDecay: 0.2 });
    const feeds = feedsOf(graph, plans, parameters);
    const fetches = { [FETCHES.loss]: null, [FETCHES.gradient]: new Tensor('float32', gradient, [gradient.length]) };
    const millis: number[] = [];
    for (let round = 0; round <= rounds; round++) {
      const start = performance.now();
      await session.run(feeds, fetches);
      clipLength(gradient, 1);
      optimiser.update(parameters, gradient, { learningRate: 1e-4 });
      millis.push(performance.now() - start);
    }
    session.endProfiling();
    const products = productMillisOfRuns(await readProfile(folder));
    return millis.map((step, run) => ({ millis: step, productMillis: products[run] ?? 0 })).slice(1);
  } finally {
    await session.release();
    await rm(folder, { recursive: true });
  }
}

function feedsOf(graph: Graph, plans: readonly EncoderPlan[], parameters: Float32Array): Record<string, Tensor> {
  const data: Readonly<Record<string, Float32Array | Int32Array>> = {
    ...Object.fromEntries(plans.map((plan) => [plan.modality, itemsOf(plan)])),
    [FEEDS.parameters]: parameters,
  };
  return Object.fromEntries(
    graph.inputs.flatMap(({ name, shape }): [string, Tensor][] => {
      const values = data[name];
      if (values === undefined) return [];
      const sizes = fixedShape(shape);
      return [
        [
          name,
          values instanceof Float32Array ? new Tensor('float32', values, sizes) : new Tensor('int32', values, sizes),
        ],
      ];
    }),
  );
}

function itemsOf({ itemShape, input }: EncoderPlan): Float32Array | Int32Array {
  const length = BATCH * elementCount(itemShape);
  return input.kind === 'tokens'
    ? Int32Array.from({ length }, (_, index) => (index * 7919) % input.vocabulary)
    : noise(length);
}

/** An entry of the runtime's profile: a kernel that ran, or a run of the whole graph. Times in microseconds. */
interface ProfileEntry {
  readonly name: string;
  readonly ts: number;
  readonly dur: number;
  readonly args?: { readonly op_name?: string };
}

async function readProfile(folder: string): Promise<readonly ProfileEntry[]> {
  const [file = ''] = await readdir(folder);
  const entries: readonly ProfileEntry[] = JSON.parse(await readFile(path.join(folder, file), 'utf8'));
  return entries;
}

/** Time of the matrix products of each run, in the order of the runs. */
function productMillisOfRuns(entries: readonly ProfileEntry[]): readonly number[] {
  const products = entries.filter(
    ({ name, args }) => name.endsWith('_kernel_time') && PRODUCTS.includes(args?.op_name ?? ''),
  );
  return entries
    .filter(({ name }) => name === 'model_run')
    .sort((left, right) => left.ts - right.ts)
    .map(({ ts, dur }) =>
      products
        .filter((product) => product.ts >= ts && product.ts < ts + dur)
        .reduce((sum, { dur: micros }) => sum + micros / 1000, 0),
    );
}
