import type { Value } from './graph';
import { broadcast, dimensionAt, formatShape, graphInvalid, kernelPositions, sizeAt } from './shape';

/** Matrix product over the last two dimensions; the ones before are broadcast. */
export function matMul(a: Value<'float32'>, b: Value<'float32'>): Value<'float32'> {
  if (a.shape.length < 2 || b.shape.length < 2 || dimensionAt(a.shape, -1) !== dimensionAt(b.shape, -2)) {
    throw graphInvalid(
      `MatMul: expected [.., m, k] and [.., k, n], found ${formatShape(a.shape)}, ${formatShape(b.shape)}`,
    );
  }
  const leading = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const shape = [...leading, dimensionAt(a.shape, -2), dimensionAt(b.shape, -1)];
  return a.graph.append('MatMul', { inputs: [a, b], type: 'float32', shape });
}

/**
 * Convolution without padding or bias.
 *
 * @param x - `[batch, channels, …sizes]`.
 * @returns `[batch, features, …floor((size − kernel) / stride) + 1]`.
 */
export function convolution(
  x: Value<'float32'>,
  { weight, stride }: { readonly weight: Value<'float32'>; readonly stride: readonly number[] },
): Value<'float32'> {
  const kernel = weight.shape.slice(2).map((_, axis) => sizeAt(weight.shape, axis + 2));
  if (x.shape.length !== weight.shape.length || stride.length !== kernel.length || x.shape[1] !== weight.shape[1]) {
    throw graphInvalid(`Conv: ${formatShape(weight.shape)} with stride ${stride} does not fit ${formatShape(x.shape)}`);
  }
  const positions = kernel.map((size, axis) =>
    kernelPositions({ size: sizeAt(x.shape, axis + 2), kernel: size, stride: sizeAt(stride, axis) }),
  );
  return x.graph.append('Conv', {
    inputs: [x, weight],
    attributes: {
      kernel_shape: { kind: 'integers', values: kernel },
      strides: { kind: 'integers', values: stride },
    },
    type: 'float32',
    shape: [dimensionAt(x.shape, 0), dimensionAt(weight.shape, 0), ...positions],
  });
}
