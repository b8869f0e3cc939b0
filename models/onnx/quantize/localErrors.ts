import type { Graph, Value } from '../graph';
import { elementCount, fixedShape } from '../shape';
import { GraphCopy } from './copyGraph';
import { GraphSession } from './graphSession';
import type { HarmOptions } from './harm';
import { changedElements } from './insideElements';
import { named } from './operators';
import type { LayerPlan } from './plan';
import { quantizedLayer, symbolsOf } from './quantizedGraph';
import type { StoredNumbers } from './storedNumbers';

/** Weights that are held in int8 at a time, beside the encoder: a graph of its own for as many layers. */
const MOST_BYTES = 2 ** 26;

/**
 * How far each layer's output is off when it alone is int8, relative to its size: the largest of some items. All layers
 * are measured beside the encoder as it is, in a run or a few. What it does to the embedding is another question, but no
 * layer that is exact spoils it.
 */
export async function localErrors(source: Graph, options: HarmOptions): Promise<ReadonlyMap<string, number>> {
  const errors = new Map<string, number>();
  for (const plans of groupsOf([...options.plans.values()])) {
    options.signal?.throwIfAborted();
    for (const [name, error] of await errorsOf(plans, source, options)) errors.set(name, error);
    for (const _ of plans) options.onLayer();
  }
  return errors;
}

function groupsOf(plans: readonly LayerPlan[]): readonly (readonly LayerPlan[])[] {
  const groups: LayerPlan[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const plan of plans) {
    const own = elementCount(fixedShape(plan.layer.weight.shape));
    if (bytes + own > MOST_BYTES) {
      groups.push([]);
      bytes = 0;
    }
    groups.at(-1)?.push(plan);
    bytes += own;
  }
  return groups;
}

async function errorsOf(
  plans: readonly LayerPlan[],
  source: Graph,
  { numbers, items, folder, threads }: HarmOptions,
): Promise<ReadonlyMap<string, number>> {
  const { graph, outputs } = comparedGraph(source, plans, numbers);
  const session = await GraphSession.ofGraph(graph, { folder, contents: await changedElements(graph), threads });
  const errors = new Map<string, number>();
  try {
    for (const item of items) {
      const found = await session.run(
        item,
        outputs.flatMap(({ error, size }) => [error, size]),
      );
      for (const { name, error, size } of outputs) {
        const relative = (found.get(error)?.[0] ?? 0) / Math.max(found.get(size)?.[0] ?? 0, Number.MIN_VALUE);
        // What is no number is as far off as can be.
        errors.set(name, Math.max(errors.get(name) ?? 0, Number.isNaN(relative) ? Number.POSITIVE_INFINITY : relative));
      }
    }
    return errors;
  } finally {
    await session.release();
  }
}

interface Compared {
  /** Of the layer. */
  readonly name: string;
  /** Names of the outputs: length of the difference, and of the layer's own output. */
  readonly error: string;
  readonly size: string;
}

/** The encoder as it is, and beside some layers the same in int8. */
function comparedGraph(
  source: Graph,
  plans: readonly LayerPlan[],
  numbers: StoredNumbers,
): { readonly graph: Graph; readonly outputs: readonly Compared[] } {
  const copy = new GraphCopy(source, symbolsOf(source));
  for (const initializer of source.initializers) copy.initializer(initializer);
  for (const node of source.nodes) copy.node(node);
  const outputs = plans.map((plan) => {
    const { name, output } = plan.layer;
    const exact = copy.of(output);
    const int8 = quantizedLayer(copy, plan, { numbers, from: smoothedInput(copy, plan), name: `${name}.beside` });
    const difference = named(copy.graph, 'Sub', {
      ...{ name: `${name}.difference`, inputs: [int8, exact] },
      ...{ type: 'float32', shape: exact.shape },
    });
    const [error, size] = [length(difference, `${name}.error`), length(exact, `${name}.size`)];
    for (const value of [error, size]) copy.graph.expose(value);
    return { name, error: error.name, size: size.name };
  });
  return { graph: copy.graph, outputs };
}

/** In the encoder that is written, the LayerNorm divides. */
function smoothedInput(copy: GraphCopy, { layer, smoothing }: LayerPlan): Value {
  if (layer.kind === 'table') return copy.of(layer.indices);
  const input = copy.of(layer.input);
  if (smoothing === undefined) return input;
  const factors = copy.graph.initializer(`${layer.name}.smoothing`, {
    ...{ type: 'float32', shape: [smoothing.length] },
    content: { kind: 'inline', data: smoothing },
  });
  const name = `${layer.name}.smoothed`;
  return named(copy.graph, 'Div', { name, inputs: [input, factors], type: 'float32', shape: input.shape });
}

function length(x: Value, name: string): Value<'float32'> {
  const attributes = { keepdims: { kind: 'integer', value: 0 } } as const;
  return named(x.graph, 'ReduceL2', { name, inputs: [x], attributes, type: 'float32', shape: [] });
}
