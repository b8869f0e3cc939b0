import { Graph, type Value } from '../onnx/graph';
import { graphInvalid, type Shape } from '../onnx/shape';

/**
 * The same graph for sizes that are known: every symbol becomes its number. Gradients need them, since a sum over a
 * batch flattens it.
 *
 * @throws {SensebindError} `GRAPH_INVALID` for a symbol without a number.
 */
export function bindDimensions(graph: Graph, sizes: Readonly<Record<string, number>>): Graph {
  const bound = new Graph(graph.name);
  const values = new Map<Value, Value>();
  const shapeOf = (shape: Shape): readonly number[] => shape.map((dimension) => sizeOf(dimension, sizes));
  const found = (value: Value): Value => {
    const copy = values.get(value);
    if (copy === undefined) throw graphInvalid(`Expected ${value.name} before its use`);
    return copy;
  };
  for (const value of graph.inputs)
    values.set(value, bound.input(value.name, { ...value, shape: shapeOf(value.shape) }));
  for (const { value, content } of graph.initializers) {
    values.set(value, bound.initializer(value.name, { type: value.type, shape: shapeOf(value.shape), content }));
  }
  for (const { name, operator, attributes, inputs, outputs } of graph.nodes) {
    const copies = outputs.map((value) => bound.value(value.name, { type: value.type, shape: shapeOf(value.shape) }));
    outputs.forEach((value, index) => {
      const copy = copies[index];
      if (copy !== undefined) values.set(value, copy);
    });
    bound.push({ name, operator, attributes, inputs: inputs.map(found), outputs: copies });
  }
  for (const value of graph.outputs) bound.expose(found(value));
  return bound;
}

function sizeOf(dimension: number | string, sizes: Readonly<Record<string, number>>): number {
  const size = typeof dimension === 'number' ? dimension : sizes[dimension];
  if (size === undefined) throw graphInvalid(`Expected a size for the symbol ${dimension}`);
  return size;
}
