import { Scratch } from '../../streaming/scratch';
import type { Content, Graph, Value } from '../graph';
import { agreementOf } from './agreement';
import { type EncoderItem, GraphSession } from './graphSession';
import type { LayerPlan, LayerPlans } from './plan';
import { quantizedGraph } from './quantizedGraph';
import type { StoredNumbers } from './storedNumbers';

/** Enough to tell a layer that spoils the embedding from one that does not. */
export const HARM_ITEMS = 2;

/** A layer, and how much of the cosine is lost when it alone is int8. */
export interface Harm {
  readonly name: string;
  readonly loss: number;
}

export interface HarmOptions {
  readonly plans: LayerPlans;
  readonly numbers: StoredNumbers;
  readonly items: readonly EncoderItem[];
  /** Embeddings of the items by the encoder as it is. */
  readonly expected: readonly Float32Array[];
  /** Of the weights file. */
  readonly folder: string;
  readonly threads: number;
  readonly signal?: AbortSignal | undefined;
  readonly onLayer: () => void;
}

/** Makes each layer int8 by itself, all others as they are, and measures. The most harmful first. */
export async function harmOfLayers(source: Graph, options: HarmOptions): Promise<readonly Harm[]> {
  const harms: Harm[] = [];
  for (const plan of options.plans.values()) {
    options.signal?.throwIfAborted();
    harms.push({ name: plan.layer.name, loss: await lossOf(plan, source, options) });
    options.onLayer();
  }
  return harms.sort((a, b) => b.loss - a.loss);
}

async function lossOf(
  plan: LayerPlan,
  source: Graph,
  { numbers, items, expected, folder, threads }: HarmOptions,
): Promise<number> {
  const graph = quantizedGraph(source, { plans: new Map([[plan.layer.name, plan]]), numbers, unchanged: 'left' });
  const session = await GraphSession.ofGraph(graph, { folder, contents: await changedElements(graph), threads });
  try {
    const found: Float32Array[] = [];
    for (const item of items.slice(0, HARM_ITEMS)) found.push(await session.embed(item));
    return 1 - agreementOf(found, expected).worstCosine;
  } finally {
    await session.release();
  }
}

/** What is not in the weights file of the source goes into the model itself. */
async function changedElements(graph: Graph): Promise<ReadonlyMap<Value, Content>> {
  const contents = new Map<Value, Content>();
  for (const { value, content } of graph.initializers) {
    if (content.kind === 'streamed') contents.set(value, { kind: 'inline', data: await content.read(new Scratch()) });
  }
  return contents;
}

/**
 * How many of the most harmful layers have to go back, if losses add up as those of independent errors do: what stays
 * must not lose more than the limit. At least one: the sum was too small where all together lost too much.
 */
export function layersToPutBack(harms: readonly Harm[], mostLoss: number): number {
  let left = harms.reduce((sum, { loss }) => sum + loss, 0);
  let count = 0;
  while (count < harms.length && left > mostLoss) left -= harms[count++]?.loss ?? 0;
  return Math.max(1, count);
}
