import { Scratch } from '../../streaming/scratch';
import type { Content, Graph, Value } from '../graph';
import { agreementOf } from './agreement';
import { type EncoderItem, GraphSession } from './graphSession';
import type { LayerPlan, LayerPlans } from './plan';
import { quantizedGraph } from './quantizedGraph';
import type { StoredNumbers } from './storedNumbers';

/** Enough to tell a layer that spoils the embedding from one that does not. */
export const HARM_ITEMS = 2;

/** A layer, and how much of the cosine is lost when it alone is int8; its share where that was measured for a group. */
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
  /** Called after each group, and after each layer that was measured by itself. */
  readonly onMeasured: () => void;
}

/**
 * All layers, the most harmful first. Neighbours are made int8 together, all others as they are, and what that does to the
 * embedding is measured; then the layers of the worst groups one by one. Where a group does little harm, its layers get
 * their share of it: to measure each of them would take minutes for the largest encoders.
 *
 * @param mostLoss - What all layers together may lose.
 */
export async function harmOfLayers(source: Graph, options: HarmOptions, mostLoss: number): Promise<readonly Harm[]> {
  const plans = [...options.plans.values()];
  const measure = async (group: readonly LayerPlan[]): Promise<number> => {
    options.signal?.throwIfAborted();
    const loss = await lossOf(group, source, options);
    options.onMeasured();
    return loss;
  };
  const groups: { readonly members: readonly LayerPlan[]; readonly loss: number }[] = [];
  for (const members of groupsOf(plans)) groups.push({ members, loss: await measure(members) });
  groups.sort((a, b) => b.loss - a.loss);
  const harms: Harm[] = [];
  let left = groups.reduce((sum, { loss }) => sum + loss, 0);
  for (const [index, { members, loss }] of groups.entries()) {
    const isClear = index > 0 && left <= mostLoss / 2;
    left -= loss;
    for (const member of members) {
      harms.push({ name: member.layer.name, loss: isClear ? loss / members.length : await measure([member]) });
    }
  }
  return harms.sort((a, b) => b.loss - a.loss);
}

/** As many groups of neighbours as there are layers in each. */
function groupsOf(plans: readonly LayerPlan[]): readonly (readonly LayerPlan[])[] {
  const size = Math.ceil(Math.sqrt(plans.length));
  return Array.from({ length: Math.ceil(plans.length / size) }, (_, group) =>
    plans.slice(group * size, (group + 1) * size),
  );
}

async function lossOf(
  group: readonly LayerPlan[],
  source: Graph,
  { numbers, items, expected, folder, threads }: HarmOptions,
): Promise<number> {
  const plans = new Map(group.map((plan) => [plan.layer.name, plan]));
  const graph = quantizedGraph(source, { plans, numbers, unchanged: 'left' });
  const session = await GraphSession.ofGraph(graph, { folder, contents: await changedElements(graph), threads });
  try {
    const found: Float32Array[] = [];
    for (const item of items) found.push(await session.embed(item));
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
