import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { decodeModel } from '../decode';
import type { Graph } from '../graph';
import { type WrittenModel, writeModel } from '../writeModel';
import { type Agreement, agreementOf, LEAST_COSINE } from './agreement';
import { GraphSession } from './graphSession';
import { HARM_ITEMS, type Harm, harmOfLayers, layersToPutBack } from './harm';
import { layersOf } from './layers';
import { type CalibrationItems, type Observations, observe } from './observe';
import { type LayerPlans, planLayers } from './plan';
import { quantizedGraph } from './quantizedGraph';
import { StoredNumbers } from './storedNumbers';

/** What is being done to an encoder: `observe` it as it is, `write` it, `compare` the two, `search` for harmful layers. */
export type QuantizationStep = 'observe' | 'write' | 'compare' | 'search';

export interface QuantizeEncoderOptions {
  readonly source: { readonly modelPath: string; readonly weightsPath: string | undefined };
  readonly target: { readonly modelPath: string; readonly weightsPath: string };
  readonly items: CalibrationItems;
  readonly threads: number;
  /** What held-back inputs have to reach; {@link LEAST_COSINE} unless given. */
  readonly leastCosine?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: {
    readonly step: QuantizationStep;
    readonly done: number;
    readonly total: number;
  }) => void;
}

export interface QuantizedEncoder {
  /** `undefined` when nothing reached the least cosine: the encoder stays as it was, and no file is left. */
  readonly written: WrittenModel | undefined;
  /** Of the last try, on held-back inputs. */
  readonly agreement: Agreement;
  readonly int8Layers: readonly string[];
  /** Those that went back, the most harmful first. */
  readonly fp32Layers: readonly string[];
}

/** Once with all layers, then with some put back, twice as many each time: the last of these has lost most of the gain. */
const MOST_TRIES = 5;

/**
 * Writes an encoder again with its linear layers and its table of tokens in int8: u8 activations whose scale is worked
 * out at each run, s8 weights with a scale a column, outliers smoothed into the LayerNorms. Where held-back inputs agree
 * too little, the layers that were measured to do the most harm stay as they were.
 *
 * Memory is a few times that of the largest matrix, beside what a run of the encoder takes.
 *
 * @throws {SensebindError} `BUNDLE_CORRUPT` for a model that is not of this program; `CONVERSION_ABORTED`,
 * `FILE_UNWRITABLE`, `DISK_FULL`.
 */
export async function quantizeEncoder(options: QuantizeEncoderOptions): Promise<QuantizedEncoder> {
  const { source, items } = options;
  const graph = decodeModel(await readFile(source.modelPath));
  const numbers = await StoredNumbers.open(graph, source.weightsPath);
  try {
    const layers = layersOf(graph);
    const folder = path.dirname(source.modelPath);
    const onItem = counted('observe', items.calibration.length + items.heldBack.length, options);
    const observations = await observe(graph, { ...options, layers, folder, onItem });
    const { magnitudes } = observations;
    const plans = await planLayers(layers, { numbers, magnitudes, signal: options.signal });
    return await withinLimit({ graph, numbers, observations, plans, folder }, options);
  } finally {
    await numbers.close();
  }
}

interface Work {
  readonly graph: Graph;
  readonly numbers: StoredNumbers;
  readonly observations: Observations;
  readonly plans: LayerPlans;
  /** Of the source. */
  readonly folder: string;
}

async function withinLimit(work: Work, options: QuantizeEncoderOptions): Promise<QuantizedEncoder> {
  const { plans } = work;
  let tried = await attempt(work, plans, options);
  const least = options.leastCosine ?? LEAST_COSINE;
  if (tried.agreement.worstCosine >= least) return resultOf(tried, []);
  const harms = await harmsOf(work, options, 1 - least);
  let count = layersToPutBack(harms, 1 - least);
  for (let tries = 1; tries < MOST_TRIES && count < plans.size; tries++, count *= 2) {
    const back = harms.slice(0, count).map(({ name }) => name);
    const kept = new Map([...plans].filter(([name]) => !back.includes(name)));
    tried = await attempt(work, kept, options);
    if (tried.agreement.worstCosine >= least) return resultOf(tried, back);
  }
  for (const { path: file } of [tried.written.model, tried.written.weights]) await rm(file);
  return { written: undefined, agreement: tried.agreement, int8Layers: [], fp32Layers: [...plans.keys()] };
}

interface Attempt {
  readonly written: WrittenModel;
  readonly agreement: Agreement;
  readonly plans: LayerPlans;
}

function resultOf({ written, agreement, plans }: Attempt, fp32Layers: readonly string[]): QuantizedEncoder {
  return { written, agreement, int8Layers: [...plans.keys()], fp32Layers };
}

async function attempt(
  { graph, numbers, observations }: Work,
  plans: LayerPlans,
  options: QuantizeEncoderOptions,
): Promise<Attempt> {
  const { target, items, threads, signal } = options;
  const quantized = quantizedGraph(graph, { plans, numbers, unchanged: 'copied' });
  const streamed = quantized.initializers.filter(({ content }) => content.kind === 'streamed').length;
  const onInitializer = counted('write', streamed, options);
  const written = await writeModel(quantized, { ...target, onInitializer, signal });
  const onItem = counted('compare', items.heldBack.length, options);
  const session = await GraphSession.ofFile(target.modelPath, { threads });
  try {
    const found: Float32Array[] = [];
    for (const item of items.heldBack) {
      signal?.throwIfAborted();
      found.push((await session.embed(item)).slice());
      onItem();
    }
    return { written, plans, agreement: agreementOf(found, observations.heldBack) };
  } finally {
    await session.release();
  }
}

/** Measured on calibration inputs: held-back ones only judge. */
function harmsOf(work: Work, options: QuantizeEncoderOptions, mostLoss: number): Promise<readonly Harm[]> {
  const { graph, plans, observations } = work;
  const harm = {
    ...work,
    items: options.items.calibration.slice(0, HARM_ITEMS),
    expected: observations.calibration,
    threads: options.threads,
    signal: options.signal,
    // Groups and the layers of one; of more, where several do harm.
    onMeasured: counted('search', 2 * Math.ceil(Math.sqrt(plans.size)), options),
  };
  return harmOfLayers(graph, harm, mostLoss);
}

function counted(step: QuantizationStep, total: number, { onProgress }: QuantizeEncoderOptions): () => void {
  let done = 0;
  return () => {
    done++;
    onProgress?.({ step, done, total: Math.max(done, total) });
  };
}
