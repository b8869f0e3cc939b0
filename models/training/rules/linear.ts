import { reshape, transpose } from '../../onnx/arrange';
import type { Attributes, Node } from '../../onnx/graph';
import { matMul } from '../../onnx/linear';
import { formatShape, graphInvalid, sizeAt } from '../../onnx/shape';
import { type Float, flattened, floatAt, onlyGradient, type Rule, transposedMatrix, unbroadcast } from './rule';

/** Rules of the operators that multiply matrices. */
export const linearRules: Readonly<Record<string, Rule>> = {
  MatMul: (node, context) => {
    const gradient = onlyGradient(context);
    const a = floatAt(node.inputs, 0);
    const b = floatAt(node.inputs, 1);
    return [
      context.needs(a) ? unbroadcast(matMul(gradient, transposedMatrix(b)), a.shape) : undefined,
      context.needs(b) ? rightGradient({ a, b, gradient }) : undefined,
    ];
  },
  Conv: (node, context) => {
    const x = floatAt(node.inputs, 0);
    if (context.needs(x)) throw graphInvalid('Conv: expected an input of the graph, found one that is learnt');
    return [undefined, kernelGradient(node, { x, gradient: onlyGradient(context) })];
  },
};

/** One matrix shared by a whole batch takes one product over all rows: no product for each item, to be summed. */
function rightGradient({ a, b, gradient }: { readonly a: Float; readonly b: Float; readonly gradient: Float }): Float {
  if (b.shape.length === 2) return matMul(transposedMatrix(flattened(a)), flattened(gradient));
  return unbroadcast(matMul(transposedMatrix(a), gradient), b.shape);
}

/**
 * The gradient of a kernel is a convolution too: items and channels change places, and the gradient of the output is the
 * kernel, as far apart as the strides were.
 */
function kernelGradient(
  { attributes, inputs }: Node,
  { x, gradient }: { readonly x: Float; readonly gradient: Float },
): Float {
  const weight = floatAt(inputs, 1);
  const strides = numbersOf(attributes, 'strides');
  const swap = [1, 0, ...strides.map((_, axis) => axis + 2)];
  const items = transpose(x, swap);
  const kernel = transpose(gradient, swap);
  const spread = strides.map(
    (stride, axis) => sizeAt(x.shape, axis + 2) - (sizeAt(kernel.shape, axis + 2) - 1) * stride,
  );
  const result = x.graph.append('Conv', {
    inputs: [items, kernel],
    attributes: {
      kernel_shape: { kind: 'integers', values: strides.map((_, axis) => sizeAt(kernel.shape, axis + 2)) },
      dilations: { kind: 'integers', values: strides },
    },
    type: 'float32',
    shape: [sizeAt(x.shape, 1), sizeAt(weight.shape, 0), ...spread],
  });
  const whole = transpose(result, swap);
  const surplus = spread.some((size, axis) => size !== sizeAt(weight.shape, axis + 2));
  return surplus ? cropped(whole, weight) : reshape(whole, weight.shape);
}

/** Samples at the end of an axis that no step of the convolution reached say nothing about the kernel. */
function cropped(whole: Float, weight: Float): Float {
  const axes = weight.shape.map((_, axis) => axis);
  const { graph } = whole;
  return graph.append('Slice', {
    inputs: [
      whole,
      graph.sizes(axes.map(() => 0)),
      graph.sizes(axes.map((axis) => sizeAt(weight.shape, axis))),
      graph.sizes(axes),
    ],
    type: 'float32',
    shape: weight.shape,
  });
}

function numbersOf(attributes: Attributes, name: string): readonly number[] {
  const attribute = attributes[name];
  if (attribute?.kind === 'integers') return attribute.values;
  throw graphInvalid(`Conv: expected ${name}, found ${formatShape(Object.keys(attributes))}`);
}
