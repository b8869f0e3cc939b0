import type { Graph } from '../graph';
import { agreementOf } from './agreement';
import { type EncoderItem, GraphSession } from './graphSession';
import { changedElements } from './insideElements';
import { localErrors } from './localErrors';
import type { LayerPlan, LayerPlans } from './plan';
import { quantizedGraph } from './quantizedGraph';
import type { StoredNumbers } from './storedNumbers';

/** Layers whose harm to the embedding is measured one by one: each takes a session of its own. */
export const SHORTLIST = 16;

/** Enough to tell a layer that spoils the embedding from one that does not. */
export const HARM_ITEMS = 2;

/** A layer, and how much of the cosine is lost when it alone is int8; 0 where that was not measured. */
export interface Harm {
  readonly name: string;
  readonly loss: number;
}

export interface HarmOptions {
  readonly plans: LayerPlans;
  readonly numbers: StoredNumbers;
  /** {@link HARM_ITEMS} of them. */
  readonly items: readonly EncoderItem[];
  /** Embeddings of the items by the encoder as it is. */
  readonly expected: readonly Float32Array[];
  /** Of the weights file. */
  readonly folder: string;
  readonly threads: number;
  readonly signal?: AbortSignal | undefined;
  /** Called once for each layer, and once more for those of the {@link SHORTLIST}. */
  readonly onLayer: () => void;
}

/**
 * All layers, the most harmful first. Those whose own output is furthest off are made int8 one by one, all others as they
 * are, and what that does to the embedding is measured; the rest follows by how far it is off.
 */
export async function harmOfLayers(source: Graph, options: HarmOptions): Promise<readonly Harm[]> {
  const errors = [...(await localErrors(source, options))].sort(([, a], [, b]) => b - a);
  const harms: Harm[] = [];
  for (const [name] of errors.slice(0, SHORTLIST)) {
    const plan = options.plans.get(name);
    if (plan === undefined) continue;
    options.signal?.throwIfAborted();
    harms.push({ name, loss: await lossOf(plan, source, options) });
    options.onLayer();
  }
  harms.sort((a, b) => b.loss - a.loss);
  return [...harms, ...errors.slice(SHORTLIST).map(([name]) => ({ name, loss: 0 }))];
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
    for (const item of items) found.push(await session.embed(item));
    return 1 - agreementOf(found, expected).worstCosine;
  } finally {
    await session.release();
  }
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
