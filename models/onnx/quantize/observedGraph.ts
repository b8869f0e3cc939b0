import type { Graph, Value } from '../graph';
import type { Shape } from '../shape';
import { GraphCopy } from './copyGraph';
import type { Layer, LinearLayer } from './layers';
import { named } from './operators';
import { symbolsOf } from './quantizedGraph';

/** An encoder that also gives the largest magnitude of each channel that goes into a layer that can be smoothed. */
export interface ObservedGraph {
  readonly graph: Graph;
  /** Name of the output, by the layer's name. */
  readonly outputs: ReadonlyMap<string, string>;
}

/** A copy of an encoder's graph, its weights where they are, for one item at a time. */
export function observedGraph(source: Graph, layers: readonly Layer[]): ObservedGraph {
  const copy = new GraphCopy(source, symbolsOf(source));
  for (const initializer of source.initializers) copy.initializer(initializer);
  for (const node of source.nodes) copy.node(node);
  for (const output of source.outputs) copy.graph.expose(copy.of(output));
  const outputs = new Map<string, string>();
  for (const layer of layers) {
    if (layer.kind !== 'linear' || layer.norm === undefined) continue;
    const largest = largestMagnitudes(copy.of(layer.input), layer);
    copy.graph.expose(largest);
    outputs.set(layer.name, largest.name);
  }
  return { graph: copy.graph, outputs };
}

function largestMagnitudes(x: Value, { name }: LinearLayer): Value<'float32'> {
  const sizes = named(x.graph, 'Abs', { name: `${name}.sizes`, inputs: [x], type: 'float32', shape: x.shape });
  const axes = x.shape.slice(0, -1).map((_, axis) => axis);
  const width: Shape = x.shape.slice(-1);
  return named(x.graph, 'ReduceMax', {
    name: `${name}.largest`,
    inputs: [sizes],
    attributes: { axes: { kind: 'integers', values: axes }, keepdims: { kind: 'integer', value: 0 } },
    type: 'float32',
    shape: width,
  });
}
