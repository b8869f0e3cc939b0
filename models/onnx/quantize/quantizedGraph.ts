import type { Scratch } from '../../streaming/scratch';
import type { Elements } from '../dataType';
import type { Content, Graph, Value } from '../graph';
import { GraphCopy } from './copyGraph';
import type { LinearLayer, TableLayer } from './layers';
import { quantizedProduct, quantizedRows } from './operators';
import { packColumns, packRows } from './packing';
import type { LayerPlan, LayerPlans } from './plan';
import type { StoredNumbers } from './storedNumbers';

interface Sources {
  readonly plans: LayerPlans;
  readonly numbers: StoredNumbers;
  /** Where what does not change lies: copied when the graph is written, or left in the weights file of the source. */
  readonly unchanged: 'copied' | 'left';
}

/**
 * A copy of an encoder's graph in which the planned layers are int8; all else is as in the source. Its batch is 1: the
 * scale of activations is that of a whole tensor, so that an item would depend on its neighbours
 * (reference/onnxruntime.md §2).
 */
export function quantizedGraph(source: Graph, sources: Sources): Graph {
  const copy = new GraphCopy(source, symbolsOf(source));
  const plans = [...sources.plans.values()];
  const isReplaced = new Map(plans.map((plan) => [plan.layer.node, plan]));
  const dropped = new Set(plans.map(({ layer }) => layer.cast));
  const packed = new Set(plans.map(({ layer }) => layer.weight));
  const smoothed = smoothedNorms(plans);
  for (const initializer of source.initializers) {
    const { value, content } = initializer;
    if (packed.has(value)) continue;
    const factors = smoothed.get(value);
    const isKept = factors === undefined && (content.kind === 'inline' || sources.unchanged === 'left');
    const read = (scratch: Scratch): Promise<Elements> => divided(value, { ...sources, factors, scratch });
    copy.initializer(initializer, isKept ? content : streamed(read));
  }
  for (const node of source.nodes) {
    const plan = isReplaced.get(node);
    if (plan !== undefined) replace(copy, plan, sources);
    else if (!dropped.has(node)) copy.node(node);
  }
  for (const output of source.outputs) copy.graph.expose(copy.of(output));
  return copy.graph;
}

/** Every dimension that is open in the source is the batch. */
export function symbolsOf({ inputs }: Graph): Readonly<Record<string, number>> {
  const symbols = inputs.flatMap(({ shape }) => shape.filter((dimension) => typeof dimension === 'string'));
  return Object.fromEntries(symbols.map((symbol) => [symbol, 1]));
}

function replace(copy: GraphCopy, plan: LayerPlan, sources: Sources): void {
  const { layer } = plan;
  if (layer.kind === 'linear') copy.set(layer.output, linear(copy, { ...plan, layer }, sources));
  else copy.set(layer.output, table(copy, { ...plan, layer }, sources));
}

function linear(
  copy: GraphCopy,
  { layer, scales, smoothing }: LayerPlan & { readonly layer: LinearLayer },
  { numbers }: Sources,
): Value<'float32'> {
  const { graph } = copy;
  const { name, weight, rows, columns, input, output } = layer;
  const integers = graph.initializer(`${name}.int8`, {
    type: 'int8',
    shape: [rows, columns],
    content: streamed(async (scratch) => {
      const floats = await numbers.floats(weight, scratch);
      const target = scratch.int8(floats.length);
      return packColumns(floats, { rows, columns, factors: smoothing, scales, target });
    }),
  });
  const zero = graph.initializer(`${name}.int8.zero`, {
    type: 'int8',
    shape: [columns],
    content: { kind: 'inline', data: new Int8Array(columns) },
  });
  const scale = graph.initializer(`${name}.int8.scale`, {
    type: 'float32',
    shape: [columns],
    content: streamed(async () => scales),
  });
  const shape = copy.shape(output.shape);
  return quantizedProduct(copy.of(input), { name: output.name, weights: { integers, zero, scale }, shape });
}

function table(
  copy: GraphCopy,
  { layer, scales }: LayerPlan & { readonly layer: TableLayer },
  { numbers }: Sources,
): Value<'float32'> {
  const { graph } = copy;
  const { name, weight, rows, columns, indices, output } = layer;
  const integers = graph.initializer(`${name}.int8`, {
    type: 'int8',
    shape: [rows, columns],
    content: streamed(async (scratch) => {
      const floats = await numbers.floats(weight, scratch);
      return packRows(floats, { rows, columns, scales, target: scratch.int8(floats.length) });
    }),
  });
  const scale = graph.initializer(`${name}.int8.scale`, {
    type: 'float32',
    shape: [rows, 1],
    content: streamed(async () => scales),
  });
  return quantizedRows(copy.of(indices), { name: output.name, integers, scale });
}

function streamed(read: (scratch: Scratch) => Promise<Elements>): Content {
  return { kind: 'streamed', read };
}

/** Scales and biases of LayerNorms that are divided by factors. */
function smoothedNorms(plans: readonly LayerPlan[]): ReadonlyMap<Value, Float32Array> {
  return new Map(
    plans.flatMap(({ layer, smoothing }) =>
      layer.kind === 'linear' && layer.norm !== undefined && smoothing !== undefined
        ? [
            [layer.norm.scale, smoothing],
            [layer.norm.bias, smoothing],
          ]
        : [],
    ),
  );
}

/** The elements of an initialiser; each by its factor, where there are factors. */
async function divided(
  value: Value,
  {
    numbers,
    factors,
    scratch,
  }: Pick<Sources, 'numbers'> & { readonly factors: Float32Array | undefined; readonly scratch: Scratch },
): Promise<Elements> {
  if (factors === undefined) return numbers.elements(value, scratch);
  const floats = await numbers.floats(value, scratch);
  for (let index = 0; index < floats.length; index++) floats[index] = (floats[index] ?? 0) / (factors[index] ?? 1);
  return floats;
}
