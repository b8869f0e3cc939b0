import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { randomStateDict } from '../../models/checkpoint/randomStateDict';
import { floatingPointOperations } from '../../models/imagebind/cost';
import { planEncoder, writeEncoder } from '../../models/imagebind/encoder';
import { IMAGEBIND_HUGE, imagebindLayout } from '../../models/imagebind/layout';
import type { ImagebindModality } from '../../models/imagebind/modality';
import { readVariant } from '../../models/imagebind/variant';
import { sessionOptions } from '../../runtime/inference/session';
import { inputShape } from '../../runtime/preprocess/tensor';
import { writeBareProducts } from './bareProducts';
import { bestInterleaved, type Figure, interleaved } from './measure';
import { noise } from './noise';

/** Share of the rate of bare matrix products that an encoder must reach (design.md, budgets). */
const LEAST_SHARE: Readonly<Record<ImagebindModality, number>> = {
  vision: 0.75,
  text: 0.65,
  audio: 0.75,
  depth: 0.75,
  thermal: 0.75,
  imu: 0.75,
};

/** One thread is not faster than itself: beyond this, the products were disturbed, and the share tells nothing. */
const MOST_SHARE = 1.05;

const SQUARE = 1024;

/** Bare products run as long as the encoder, so that what else the machine does hits both alike, but no longer than this. */
const MOST_OPERATIONS = 60e9;

/** How often the encoder runs with all threads. */
const THREADED_ROUNDS = 5;

export interface ForwardOptions {
  /** Where models are written; several GB for the largest. */
  readonly folder: string;
  readonly modality: ImagebindModality;
  /** At most, to find a quiet moment for the share. */
  readonly seconds: number;
  /** Of the forward that is told beside the share. */
  readonly threads: number;
}

/** A figure, and what a forward with all threads takes at best. */
export interface ForwardFigure extends Figure {
  readonly millis: number;
}

/**
 * The fp32 forward of one full-size encoder with random weights, against bare matrix products of 1024³ and of this
 * encoder's perceptron layers, in turn in this process.
 *
 * Both sides have one thread, and the best round of each counts: that of a quiet moment. A product of two threads takes as long as the slower one:
 * with anything else on the machine, a woken thread waits for its core, and the same products reach 340 or 50 GFLOP/s.
 */
export async function benchForward(options: ForwardOptions): Promise<ForwardFigure> {
  const folder = await mkdtemp(path.join(options.folder, `forward-${options.modality}-`));
  try {
    const encoder = await writeFullSize(options.modality, folder);
    const reached = await reach(encoder, { ...options, folder });
    const threaded = await open(encoder, options.threads);
    try {
      const { forward } = await interleaved({ forward: threaded.run }, THREADED_ROUNDS);
      return figureOf(reached, { ...options, millis: Math.min(...forward), operations: encoder.operations });
    } finally {
      await threaded.release();
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** What a graph is run with. */
interface Runnable {
  readonly modelPath: string;
  readonly feed: InferenceSession.FeedsType;
  readonly operations: number;
}

interface Reached {
  /** With one thread, in 10⁹ operations a second. */
  readonly rates: Readonly<Record<'square' | 'layer' | 'encoder', number>>;
  readonly rounds: number;
  readonly isSettled: boolean;
}

async function reach(encoder: Runnable, { folder, modality, seconds }: ForwardOptions): Promise<Reached> {
  const { width, hidden, tokens } = IMAGEBIND_HUGE.towers[modality];
  const operations = Math.min(encoder.operations, MOST_OPERATIONS);
  const square = { rows: SQUARE, width: SQUARE, hidden: SQUARE, operations };
  const layer = { rows: tokens, width, hidden, operations };
  const graphs = {
    square: await writeBareProducts(square, { folder, name: 'square' }),
    layer: await writeBareProducts(layer, { folder, name: 'layer' }),
    encoder,
  };
  const sessions = {
    square: await open(graphs.square, 1),
    layer: await open(graphs.layer, 1),
    encoder: await open(graphs.encoder, 1),
  };
  try {
    const { square, layer, encoder } = sessions;
    const works = { square: square.run, layer: layer.run, encoder: encoder.run };
    const { millis, ...how } = await bestInterleaved(works, { seconds });
    const rate = (name: keyof typeof works): number => graphs[name].operations / millis[name] / 1e6;
    return { rates: { square: rate('square'), layer: rate('layer'), encoder: rate('encoder') }, ...how };
  } finally {
    for (const session of Object.values(sessions)) await session.release();
  }
}

function figureOf(
  { rates, rounds, isSettled }: Reached,
  {
    modality,
    threads,
    millis,
    operations,
  }: ForwardOptions & Pick<Runnable, 'operations'> & { readonly millis: number },
): ForwardFigure {
  const share = rates.encoder / Math.max(rates.square, rates.layer);
  const isPlausible = share <= MOST_SHARE;
  const singleMillis = operations / rates.encoder / 1e6;
  return {
    name: `${modality} forward, fp32, full size`,
    measured: [
      `${percent(share)} of bare MatMuls with one thread (${singleMillis.toFixed(1)} ms, ${rates.encoder.toFixed(0)} GFLOP/s)`,
      ...(isPlausible ? [] : ['which cannot be: something disturbed them']),
      ...(isSettled ? [] : [`no quiet moment in ${rounds} rounds`]),
      ...(threads === 1 ? [] : [`${millis.toFixed(1)} ms with ${threads}`]),
    ].join('; '),
    budget: `≥ ${percent(LEAST_SHARE[modality])}`,
    holds: share >= LEAST_SHARE[modality] && isPlausible,
    millis,
    ...(isPlausible ? { ratio: { value: share, better: 'higher' } } : {}),
    details: {
      share,
      singleMillis,
      millis,
      threads,
      rounds,
      gflopsSquare: rates.square,
      gflopsLayer: rates.layer,
      gflopsEncoder: rates.encoder,
    },
  };
}

async function writeFullSize(modality: ImagebindModality, folder: string): Promise<Runnable> {
  const checkpoint = randomStateDict(imagebindLayout(IMAGEBIND_HUGE, [modality]), { seed: 1 });
  const plan = await planEncoder(checkpoint, await readVariant('imagebind_huge'), modality);
  const modelPath = path.join(folder, `${modality}.onnx`);
  await writeEncoder(checkpoint, plan, { modelPath, weightsPath: `${modelPath}.data`, precision: 'fp32' });
  const shape = [1, ...inputShape(plan.input)];
  const count = shape.reduce((product, size) => product * size, 1);
  const input =
    plan.input.kind === 'tokens'
      ? new Tensor(
          'int32',
          Int32Array.from({ length: count }, (_, index) => (index < 12 ? 320 + index : 0)).fill(49_407, 12, 13),
          shape,
        )
      : new Tensor(noise(count), shape);
  return { modelPath, feed: { input }, operations: floatingPointOperations(modality) };
}

async function open(
  { modelPath, feed }: Runnable,
  threads: number,
): Promise<{ readonly run: () => Promise<unknown>; readonly release: () => Promise<void> }> {
  const session = await InferenceSession.create(modelPath, sessionOptions({ provider: 'cpu', threads }));
  return { run: () => session.run(feed), release: () => session.release() };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
