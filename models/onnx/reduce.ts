import type { Value } from './graph';
import { dimensionAt, formatShape, graphInvalid, type Shape, sameShape, withDimension } from './shape';

/** Softmax over the last dimension. */
export function softmax(x: Value<'float32'>): Value<'float32'> {
  const attributes = { axis: { kind: 'integer', value: -1 } } as const;
  return x.graph.append('Softmax', { inputs: [x], attributes, type: 'float32', shape: x.shape });
}

/** Layer normalisation over the last dimension, with scale and bias of that size. */
export function layerNormalization(
  x: Value<'float32'>,
  {
    scale,
    bias,
    epsilon,
  }: { readonly scale: Value<'float32'>; readonly bias: Value<'float32'>; readonly epsilon: number },
): Value<'float32'> {
  const width = [dimensionAt(x.shape, -1)];
  if (!sameShape(scale.shape, width) || !sameShape(bias.shape, width)) {
    throw graphInvalid(`LayerNormalization: expected scale and bias of ${formatShape(width)}, found ${scale.name}`);
  }
  return x.graph.append('LayerNormalization', {
    inputs: [x, scale, bias],
    attributes: { axis: { kind: 'integer', value: -1 }, epsilon: { kind: 'float', value: epsilon } },
    type: 'float32',
    shape: x.shape,
  });
}

/** Euclidean length along the last dimension, which stays with size 1. */
export function length(x: Value<'float32'>): Value<'float32'> {
  return x.graph.append('ReduceL2', {
    inputs: [x],
    attributes: { axes: { kind: 'integers', values: [-1] }, keepdims: { kind: 'integer', value: 1 } },
    type: 'float32',
    shape: withDimension(x.shape, { axis: -1, dimension: 1 }),
  });
}

/** Sum along some dimensions, which stay with size 1. */
export function sum(x: Value<'float32'>, { axes }: { readonly axes: readonly number[] }): Value<'float32'> {
  const shape = axes.reduce<Shape>((reduced, axis) => withDimension(reduced, { axis, dimension: 1 }), x.shape);
  const attributes = { keepdims: { kind: 'integer', value: 1 } } as const;
  return x.graph.append('ReduceSum', { inputs: [x, x.graph.sizes(axes)], attributes, type: 'float32', shape });
}

/** Logarithm of the sum of exponentials along the last dimension, which stays with size 1. */
export function logSumExp(x: Value<'float32'>): Value<'float32'> {
  return x.graph.append('ReduceLogSumExp', {
    inputs: [x],
    attributes: { axes: { kind: 'integers', values: [-1] }, keepdims: { kind: 'integer', value: 1 } },
    type: 'float32',
    shape: withDimension(x.shape, { axis: -1, dimension: 1 }),
  });
}

/** Index of the first largest element along the last dimension, which stays with size 1. */
export function argMax(x: Value<'float32'>): Value<'int64'> {
  return x.graph.append('ArgMax', {
    inputs: [x],
    attributes: { axis: { kind: 'integer', value: -1 }, keepdims: { kind: 'integer', value: 1 } },
    type: 'int64',
    shape: withDimension(x.shape, { axis: -1, dimension: 1 }),
  });
}
