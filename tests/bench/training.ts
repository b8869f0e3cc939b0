import { InferenceSession, Tensor } from 'onnxruntime-node';
import { randomStateDict } from '../../models/checkpoint/randomStateDict';
import { type EncoderPlan, planEncoder } from '../../models/imagebind/encoder';
import { IMAGEBIND_MINI, imagebindLayout } from '../../models/imagebind/layout';
import type { ImagebindModality } from '../../models/imagebind/modality';
import { readVariant } from '../../models/imagebind/variant';
import { encodeModel } from '../../models/onnx/encode';
import { Graph } from '../../models/onnx/graph';
import { matMul } from '../../models/onnx/linear';
import { elementCount, fixedShape } from '../../models/onnx/shape';
import { AdamW, clipLength } from '../../models/training/adamW';
import { FEEDS, learntLayout, pairTrainingGraph } from '../../models/training/contrastiveGraph';
import { type Feeds, GradientSession } from '../../models/training/gradientSession';
import { initialParameters, slotsOf } from '../../models/training/initialise';
import { type Figure, median } from './measure';
import { noise } from './noise';

const BATCH = 64;
/** A step is also convolutions, norms, softmax, GELU and the optimiser, none of which the products hold. */
const TIMES_THE_PRODUCTS = 2;

/**
 * A step of training image and text of the small model, against the matrix products of its graph alone, each as often
 * as the step has it, in turn in this process. Convolutions are no part of the products.
 *
 * Processor time of one thread: what else the machine does must not count, nor threads that wait for each other.
 */
export async function benchTraining({ rounds }: { readonly rounds: number }): Promise<Figure> {
  const [vision, text] = [await miniPlan('vision'), await miniPlan('text')];
  const graph = pairTrainingGraph([vision, text], { batch: BATCH });
  const step = await trainingStep(graph, [vision, text]);
  const products = await matrixProducts(graph);
  try {
    await step.run();
    await products.run();
    const millis: { readonly step: number[]; readonly products: number[] } = { step: [], products: [] };
    for (let round = 0; round < rounds; round++) {
      millis.step.push(await processorMillis(step.run));
      millis.products.push(await processorMillis(products.run));
    }
    const [stepMillis, productMillis] = [median(millis.step), median(millis.products)];
    const ratio = stepMillis / productMillis;
    return {
      name: `training step, image and text of imagebind_mini, batch ${BATCH}`,
      measured: `${ratio.toFixed(2)}× its ${products.count} matrix products (${stepMillis.toFixed(0)} ms of one core)`,
      budget: `≤ ${TIMES_THE_PRODUCTS}×`,
      holds: ratio <= TIMES_THE_PRODUCTS,
      details: { ratio, stepMillis, productMillis, products: products.count, rounds },
    };
  } finally {
    await step.release();
    await products.release();
  }
}

async function processorMillis(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

async function miniPlan(modality: ImagebindModality): Promise<EncoderPlan> {
  const checkpoint = randomStateDict(imagebindLayout(IMAGEBIND_MINI), { seed: 1 });
  return planEncoder(checkpoint, await readVariant('imagebind_mini'), modality);
}

interface Runnable {
  run(): Promise<void>;
  release(): Promise<void>;
}

/** Gradient, clipping and AdamW, on noise. */
async function trainingStep(graph: Graph, plans: readonly EncoderPlan[]): Promise<Runnable> {
  const session = await GradientSession.create(graph, { threads: 1 });
  const layout = plans.flatMap(learntLayout);
  const parameters = initialParameters(layout, { seed: 1 });
  const optimiser = new AdamW(slotsOf(layout), { beta1: 0.9, beta2: 0.95, weightDecay: 0.2 });
  const feeds: Feeds = {
    ...Object.fromEntries(plans.map((plan) => [plan.modality, itemsOf(plan)])),
    [FEEDS.parameters]: parameters,
  };
  return {
    run: async () => {
      await session.run(feeds);
      clipLength(session.gradient, 1);
      optimiser.update(parameters, session.gradient, { learningRate: 1e-4 });
    },
    release: () => session.release(),
  };
}

function itemsOf({ itemShape, input }: EncoderPlan): Float32Array | Int32Array {
  const length = BATCH * elementCount(itemShape);
  return input.kind === 'tokens'
    ? Int32Array.from({ length }, (_, index) => (index * 7919) % input.vocabulary)
    : noise(length);
}

/**
 * Each product in a session of its own, since the runtime does equal work in one graph only once. Each then starts from
 * cold caches and pays for a call of its own, which those inside a step do not: a step may take less than they do.
 */
async function matrixProducts({ nodes }: Graph): Promise<Runnable & { readonly count: number }> {
  const shapes = nodes
    .filter(({ operator }) => operator === 'MatMul')
    .map(({ inputs }) => inputs.map(({ shape }) => fixedShape(shape)));
  const products = new Map<string, Runnable>();
  for (const [left = [], right = []] of shapes) {
    const key = `${left} · ${right}`;
    if (!products.has(key)) products.set(key, await matrixProduct(left, right));
  }
  return {
    count: shapes.length,
    run: async () => {
      for (const [left = [], right = []] of shapes) await products.get(`${left} · ${right}`)?.run();
    },
    release: async () => {
      for (const product of products.values()) await product.release();
    },
  };
}

async function matrixProduct(left: readonly number[], right: readonly number[]): Promise<Runnable> {
  const graph = new Graph('product');
  const [a, b] = [
    graph.input('a', { type: 'float32', shape: left }),
    graph.input('b', { type: 'float32', shape: right }),
  ];
  const product = matMul(a, b);
  graph.expose(product);
  const session = await InferenceSession.create(encodeModel(graph), { intraOpNumThreads: 1 });
  const tensor = (shape: readonly number[]): Tensor => new Tensor(noise(elementCount(shape)), shape);
  const feeds = { a: tensor(left), b: tensor(right) };
  const output = tensor(fixedShape(product.shape));
  return {
    run: async () => {
      await session.run(feeds, { [product.name]: output });
    },
    release: () => session.release(),
  };
}
