import type { DataType } from './dataType';
import type { Value } from './graph';
import {
  broadcast,
  elementCount,
  formatShape,
  frontAxis,
  graphInvalid,
  type Shape,
  sameShape,
  sizeAt,
  withDimension,
} from './shape';

/**
 * The same elements under another shape. A symbol of `shape` must be one of `x`: at most one, since only one size can
 * be left for the runtime to work out.
 */
export function reshape<Type extends DataType>(x: Value<Type>, shape: Shape): Value<Type> {
  const before = symbolsAndCount(x.shape);
  const after = symbolsAndCount(shape);
  if (before.count !== after.count || before.symbols.join() !== after.symbols.join() || after.symbols.length > 1) {
    throw graphInvalid(`Reshape: expected as many elements as ${formatShape(x.shape)}, found ${formatShape(shape)}`);
  }
  const sizes = x.graph.sizes(shape.map((dimension) => (typeof dimension === 'string' ? -1 : dimension)));
  return x.graph.append('Reshape', { inputs: [x, sizes], type: x.type, shape });
}

function symbolsAndCount(shape: Shape): { readonly symbols: readonly string[]; readonly count: number } {
  return {
    symbols: shape.filter((dimension) => typeof dimension === 'string'),
    count: elementCount(shape.filter((dimension) => typeof dimension === 'number')),
  };
}

/** Dimensions in another order: `order[i]` is the axis of `x` that becomes axis i. */
export function transpose<Type extends DataType>(x: Value<Type>, order: readonly number[]): Value<Type> {
  const shape = order.flatMap((axis) => x.shape[axis] ?? []);
  if (new Set(order).size !== x.shape.length || shape.length !== x.shape.length) {
    throw graphInvalid(`Transpose: expected each axis of ${formatShape(x.shape)} once, found ${order}`);
  }
  const attributes = { perm: { kind: 'integers', values: order } } as const;
  return x.graph.append('Transpose', { inputs: [x], attributes, type: x.type, shape });
}

/** Values one after the other along `axis`; their other dimensions are equal. */
export function concat<Type extends DataType>(
  values: readonly [Value<Type>, ...Value<Type>[]],
  { axis }: { readonly axis: number },
): Value<Type> {
  const [first] = values;
  const dimension = values.reduce((sum, { shape }) => sum + sizeAt(shape, axis), 0);
  const shape = withDimension(first.shape, { axis, dimension });
  for (const value of values) {
    if (formatShape(withDimension(value.shape, { axis, dimension })) !== formatShape(shape)) {
      throw graphInvalid(
        `Concat: expected ${formatShape(shape)} but for axis ${axis}, found ${formatShape(value.shape)}`,
      );
    }
  }
  const attributes = { axis: { kind: 'integer', value: frontAxis(shape, axis) } } as const;
  return first.graph.append('Concat', { inputs: values, attributes, type: first.type, shape });
}

/** Three equal parts along `axis`. */
export function thirds<Type extends DataType>(
  x: Value<Type>,
  { axis }: { readonly axis: number },
): readonly [Value<Type>, Value<Type>, Value<Type>] {
  const size = sizeAt(x.shape, axis) / 3;
  if (!Number.isSafeInteger(size)) throw graphInvalid(`Split: expected a multiple of 3, found ${formatShape(x.shape)}`);
  const [first, second, third] = split(x, { axis, sizes: [size, size, size] });
  if (first === undefined || second === undefined || third === undefined) throw graphInvalid('Split: lost a part');
  return [first, second, third];
}

/** Parts of these sizes along `axis`, in order: together all of it. */
export function split<Type extends DataType>(
  x: Value<Type>,
  { axis, sizes }: { readonly axis: number; readonly sizes: readonly number[] },
): readonly Value<Type>[] {
  const whole = sizes.reduce((total, size) => total + size, 0);
  if (whole !== sizeAt(x.shape, axis)) throw graphInvalid(`Split: expected ${formatShape(x.shape)}, found ${sizes}`);
  const { graph, type } = x;
  const name = graph.nextName('Split');
  const outputs = sizes.map((size, index) =>
    graph.value(`${name}_${index}`, { type, shape: withDimension(x.shape, { axis, dimension: size }) }),
  );
  graph.push({
    name,
    operator: 'Split',
    inputs: [x, graph.sizes(sizes)],
    outputs,
    attributes: { axis: { kind: 'integer', value: frontAxis(x.shape, axis) } },
  });
  return outputs;
}

/** Zeros after the elements along each axis, up to `shape`. */
export function padded(x: Value<'float32'>, shape: readonly number[]): Value<'float32'> {
  const after = shape.map((size, axis) => size - sizeAt(x.shape, axis));
  if (after.some((count) => count < 0)) {
    throw graphInvalid(`Pad: expected at least ${formatShape(x.shape)}, found ${formatShape(shape)}`);
  }
  const counts = x.graph.sizes([...shape.map(() => 0), ...after]);
  return x.graph.append('Pad', { inputs: [x, counts], type: 'float32', shape });
}

/** Dimensions of size 1 repeated up to `shape`. */
export function expanded(x: Value<'float32'>, shape: readonly number[]): Value<'float32'> {
  if (!sameShape(broadcast(x.shape, shape), shape)) {
    throw graphInvalid(`Expand: ${formatShape(x.shape)} does not become ${formatShape(shape)}`);
  }
  return x.graph.append('Expand', { inputs: [x, x.graph.sizes(shape)], type: 'float32', shape });
}

/** The first `sizes[i]` elements along `axes[i]`. */
export function leading<Type extends DataType>(
  x: Value<Type>,
  { axes, sizes }: { readonly axes: readonly number[]; readonly sizes: readonly number[] },
): Value<Type> {
  const shape = axes.reduce<Shape>((reduced, axis, index) => {
    const size = sizes[index];
    if (size === undefined || size > sizeAt(x.shape, axis)) {
      throw graphInvalid(`Slice: expected at most ${formatShape(x.shape)}, found sizes ${sizes} on axes ${axes}`);
    }
    return withDimension(reduced, { axis, dimension: size });
  }, x.shape);
  const { graph } = x;
  const starts = graph.sizes(axes.map(() => 0));
  return graph.append('Slice', { inputs: [x, starts, graph.sizes(sizes), graph.sizes(axes)], type: x.type, shape });
}

/** Rows of `table` by their indices: shape of the indices, then shape of a row. */
export function gather<Type extends DataType>(table: Value<Type>, indices: Value<'int32'>): Value<Type> {
  const shape = [...indices.shape, ...table.shape.slice(1)];
  const attributes = { axis: { kind: 'integer', value: 0 } } as const;
  return table.graph.append('Gather', { inputs: [table, indices], attributes, type: table.type, shape });
}
