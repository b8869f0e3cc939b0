import { DATA_TYPES, type DataType } from '../dataType';
import type { Attributes, Graph, Value } from '../graph';
import { broadcast, dimensionAt, formatShape, graphInvalid, type Shape } from '../shape';

/** Activations as unsigned whole numbers of 8 bits: `x ≈ scale · (integers − zero)`. */
export interface QuantizedActivations {
  readonly integers: Value<'uint8'>;
  readonly scale: Value<'float32'>;
  readonly zero: Value<'uint8'>;
}

/** Weights `[in, out]` as signed whole numbers of 8 bits; zero point and scale have one element a column. */
export interface QuantizedWeights {
  readonly integers: Value<'int8'>;
  readonly zero: Value<'int8'>;
  readonly scale: Value<'float32'>;
}

/**
 * A float32 product of float32 activations with int8 weights, in the five standard operators that onnxruntime fuses to
 * one (reference/onnxruntime.md §2). Scale and zero point of the activations are worked out anew at each run, over the
 * whole tensor.
 *
 * @param name - Of the result; what comes before it is named after it.
 */
export function quantizedProduct(
  x: Value,
  { name, weights, shape }: { readonly name: string; readonly weights: QuantizedWeights; readonly shape: Shape },
): Value<'float32'> {
  const { graph } = x;
  if (dimensionAt(x.shape, -1) !== dimensionAt(weights.integers.shape, 0)) {
    throw graphInvalid(`MatMulInteger: ${formatShape(x.shape)} does not fit ${formatShape(weights.integers.shape)}`);
  }
  const { integers, scale, zero } = dynamicQuantize(x, name);
  const sums = named(graph, 'MatMulInteger', {
    name: `${name}.sums`,
    inputs: [integers, weights.integers, zero, weights.zero],
    type: 'int32',
    shape,
  });
  const floats = castTo(sums, { name: `${name}.floats`, type: 'float32' });
  const scales = product(scale, weights.scale, `${name}.scales`);
  return product(floats, scales, name);
}

/** Rows of an int8 table, each with a scale of its own, as float32: shape of the indices, then the width. */
export function quantizedRows(
  indices: Value,
  {
    name,
    integers,
    scale,
  }: { readonly name: string; readonly integers: Value<'int8'>; readonly scale: Value<'float32'> },
): Value<'float32'> {
  const rows = gatherRows(integers, { indices, name: `${name}.rows` });
  const scales = gatherRows(scale, { indices, name: `${name}.scales` });
  return product(castTo(rows, { name: `${name}.floats`, type: 'float32' }), scales, name);
}

function dynamicQuantize(x: Value, name: string): QuantizedActivations {
  const { graph } = x;
  const integers = graph.value(`${name}.integers`, { type: 'uint8', shape: x.shape });
  const scale = graph.value(`${name}.scale`, { type: 'float32', shape: [] });
  const zero = graph.value(`${name}.zero`, { type: 'uint8', shape: [] });
  graph.push({
    name: `${name}.quantize`,
    operator: 'DynamicQuantizeLinear',
    inputs: [x],
    outputs: [integers, scale, zero],
    attributes: {},
  });
  return { integers, scale, zero };
}

function gatherRows<Type extends DataType>(
  table: Value<Type>,
  { indices, name }: { readonly indices: Value; readonly name: string },
): Value<Type> {
  return named(table.graph, 'Gather', {
    name,
    inputs: [table, indices],
    attributes: { axis: { kind: 'integer', value: 0 } },
    type: table.type,
    shape: [...indices.shape, ...table.shape.slice(1)],
  });
}

function castTo<Type extends DataType>(
  x: Value,
  { name, type }: { readonly name: string; readonly type: Type },
): Value<Type> {
  const attributes = { to: { kind: 'integer', value: DATA_TYPES[type].number } } as const;
  return named(x.graph, 'Cast', { name, inputs: [x], attributes, type, shape: x.shape });
}

function product(a: Value<'float32'>, b: Value<'float32'>, name: string): Value<'float32'> {
  return named(a.graph, 'Mul', { name, inputs: [a, b], type: 'float32', shape: broadcast(a.shape, b.shape) });
}

/** A node under a name of its own: the names that a graph gives by itself may be those of nodes that were copied. */
export function named<Type extends DataType>(
  graph: Graph,
  operator: string,
  {
    name,
    inputs,
    attributes = {},
    type,
    shape,
  }: {
    readonly name: string;
    readonly inputs: readonly Value[];
    readonly attributes?: Attributes;
    readonly type: Type;
    readonly shape: Shape;
  },
): Value<Type> {
  const output = graph.value(name, { type, shape });
  graph.push({ name, operator, inputs, outputs: [output], attributes });
  return output;
}
