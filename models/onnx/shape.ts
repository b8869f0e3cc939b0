import { SensebindError } from '../../runtime/errors';

/** A size, or the name of one that is known only when the graph runs, such as `batch`. */
export type Dimension = number | string;

/** Outermost dimension first; empty for a scalar. */
export type Shape = readonly Dimension[];

/** A graph that contradicts itself. Graphs are made by code of ours, so it is that code which has to change. */
export function graphInvalid(message: string, options?: ErrorOptions): SensebindError {
  return new SensebindError(
    'GRAPH_INVALID',
    message,
    'Report this message: it is a fault of the program that built the graph.',
    options,
  );
}

/** For messages: `[batch, 3, 224]`. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dimension, axis) => dimension === b[axis]);
}

/** Number of elements of a shape without symbols; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** The shape without symbols. @throws {SensebindError} `GRAPH_INVALID` when it has one. */
export function fixedShape(shape: Shape): readonly number[] {
  return shape.map((dimension) => {
    if (typeof dimension === 'number') return dimension;
    throw graphInvalid(`Expected a shape without symbols, found ${formatShape(shape)}`);
  });
}

/** `axis` counted from the front: −1 is the last. @throws {SensebindError} `GRAPH_INVALID` when there is none. */
export function frontAxis(shape: Shape, axis: number): number {
  const front = axis < 0 ? axis + shape.length : axis;
  if (front in shape) return front;
  throw graphInvalid(`Expected an axis of ${formatShape(shape)}, found ${axis}`);
}

/** The dimension at `axis`, which may count from the end. */
export function dimensionAt(shape: Shape, axis: number): Dimension {
  const dimension = shape[frontAxis(shape, axis)];
  if (dimension === undefined) throw graphInvalid(`Expected a dimension at ${axis} of ${formatShape(shape)}`);
  return dimension;
}

/** The size at `axis`. @throws {SensebindError} `GRAPH_INVALID` when it is a symbol. */
export function sizeAt(shape: Shape, axis: number): number {
  const dimension = dimensionAt(shape, axis);
  if (typeof dimension === 'number') return dimension;
  throw graphInvalid(`Expected a size at axis ${axis} of ${formatShape(shape)}, found the symbol ${dimension}`);
}

/** `shape` with another dimension at `axis`, which may count from the end. */
export function withDimension(
  shape: Shape,
  { axis, dimension }: { readonly axis: number; readonly dimension: Dimension },
): Shape {
  return shape.with(frontAxis(shape, axis), dimension);
}

/**
 * The shape that two shapes broadcast to (ONNX operators, multidirectional broadcasting). A symbol matches itself and 1.
 *
 * @throws {SensebindError} `GRAPH_INVALID` when they do not fit.
 */
export function broadcast(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left === right || right === 1) return left;
    if (left === 1) return right;
    throw graphInvalid(`Expected shapes that broadcast, found ${formatShape(a)} and ${formatShape(b)}`);
  });
}

/** How often a kernel fits along a side without padding: 0 when it is larger than the side. */
export function kernelPositions({
  size,
  kernel,
  stride,
}: {
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
}): number {
  return size < kernel ? 0 : Math.floor((size - kernel) / stride) + 1;
}
