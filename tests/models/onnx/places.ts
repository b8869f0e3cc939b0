import type { Value } from '../../../models/onnx/graph';
import { fixedShape } from '../../../models/onnx/shape';

/** For each element of a tensor in C order, the place of an element of another. */
export type Places = Int32Array;

type Sizes = readonly number[];

export function sizesOf({ shape }: Value): Sizes {
  return fixedShape(shape);
}

export function countOf(sizes: Sizes): number {
  return sizes.reduce((product, size) => product * size, 1);
}

/** Matrices in a tensor: the product of all dimensions but the last two. */
export function matrixCount(sizes: Sizes): number {
  return countOf(sizes.slice(0, -2));
}

/** How far the neighbours along each axis lie apart. */
export function stepsOf(sizes: Sizes): Sizes {
  return sizes.map((_, axis) => countOf(sizes.slice(axis + 1)));
}

/** `place` of every index of a tensor. */
export function mapPlaces(sizes: Sizes, place: (at: Sizes) => number): Places {
  const steps = stepsOf(sizes);
  return Int32Array.from({ length: countOf(sizes) }, (_, index) =>
    place(sizes.map((size, axis) => Math.floor(index / steps[axis]!) % size)),
  );
}

/** Where the elements of a tensor of shape `to` come from when one of shape `from` is broadcast to it. */
export function broadcastPlaces(from: Sizes, to: Sizes): Places {
  const steps = stepsOf(from);
  const extra = to.length - from.length;
  return mapPlaces(to, (at) =>
    from.reduce((sum, size, axis) => sum + (size === 1 ? 0 : at[axis + extra]! * steps[axis]!), 0),
  );
}
