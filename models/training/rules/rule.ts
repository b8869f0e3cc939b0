import { reshape, transpose } from '../../onnx/arrange';
import type { Node, Value } from '../../onnx/graph';
import { sum } from '../../onnx/reduce';
import { elementCount, fixedShape, graphInvalid, type Shape, sizeAt } from '../../onnx/shape';

export type Float = Value<'float32'>;

/** The gradient of one input; `undefined` where nothing flows back. */
export type Gradient = Float | undefined;

/**
 * How gradients flow back through one operator, written in forward operators, so that the gradient of a graph is a
 * graph that the same runtime runs.
 */
export type Rule = (node: Node, context: RuleContext) => readonly Gradient[];

export interface RuleContext {
  /** Gradients of the node's outputs: `undefined` for one that the loss does not depend on; at least one is there. */
  readonly upstream: readonly Gradient[];
  /** Whether the gradient of that input is needed: a rule may leave it out otherwise. */
  readonly needs: (input: Value | undefined) => boolean;
}

/** The gradient of the only output. */
export function onlyGradient({ upstream }: RuleContext): Float {
  const [gradient] = upstream;
  if (gradient === undefined) throw graphInvalid('Expected a gradient to flow back from an output');
  return gradient;
}

/** An operand that gradients can flow through. */
export function floatAt(values: readonly Value[], index: number): Float {
  const value = values[index];
  if (value === undefined || !isFloat(value)) throw graphInvalid(`Expected a float32 value at ${index}`);
  return value;
}

export function isFloat(value: Value): value is Float {
  return value.type === 'float32';
}

/** Sums a gradient over what broadcasting had repeated. */
export function unbroadcast(gradient: Float, shape: Shape): Float {
  const extra = gradient.shape.length - shape.length;
  const axes = gradient.shape.flatMap((size, axis) => {
    const target = axis < extra ? 1 : shape[axis - extra];
    return size !== target || axis < extra ? [axis] : [];
  });
  const summed = axes.length === 0 ? gradient : sum(gradient, { axes });
  return extra === 0 ? summed : reshape(summed, shape);
}

/** The last two axes exchanged; a transpose that was just made is taken back instead. */
export function transposedMatrix(x: Float): Float {
  const order = swapped(x.shape.length);
  const maker = x.graph.nodes.find(({ outputs }) => outputs.includes(x));
  const perm = maker?.operator === 'Transpose' ? maker.attributes['perm'] : undefined;
  if (maker !== undefined && perm?.kind === 'integers' && perm.values.join() === order.join()) {
    return floatAt(maker.inputs, 0);
  }
  return transpose(x, order);
}

/** All leading dimensions as one: `[rows, columns]`. */
export function flattened(x: Float): Float {
  if (x.shape.length === 2) return x;
  const columns = sizeAt(x.shape, -1);
  return reshape(x, [elementCount(fixedShape(x.shape)) / columns, columns]);
}

function swapped(rank: number): readonly number[] {
  return [...Array(rank - 2).keys(), rank - 1, rank - 2];
}
