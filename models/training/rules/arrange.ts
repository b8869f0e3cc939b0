import { concat, padded, reshape, split, transpose } from '../../onnx/arrange';
import { cast, equal } from '../../onnx/elementwise';
import type { Attribute, Node, Value } from '../../onnx/graph';
import { matMul } from '../../onnx/linear';
import { elementCount, fixedShape, graphInvalid, sizeAt } from '../../onnx/shape';
import { type Float, flattened, floatAt, onlyGradient, type Rule, transposedMatrix, unbroadcast } from './rule';

/** Rules of the operators that only move elements. */
export const arrangeRules: Readonly<Record<string, Rule>> = {
  Reshape: (node, context) => [reshape(onlyGradient(context), floatAt(node.inputs, 0).shape)],
  Expand: (node, context) => [unbroadcast(onlyGradient(context), floatAt(node.inputs, 0).shape)],
  Transpose: (node, context) => {
    const order = integers(node.attributes['perm']);
    return [
      transpose(
        onlyGradient(context),
        order.map((_, axis) => order.indexOf(axis)),
      ),
    ];
  },
  Concat: (node, context) => {
    const axis = integer(node.attributes['axis']);
    const sizes = node.inputs.map(({ shape }) => sizeAt(shape, axis));
    return split(onlyGradient(context), { axis, sizes });
  },
  Split: (node, { upstream }) => {
    const parts = node.outputs.map((output, index) => upstream[index] ?? zeros(output));
    const [first, ...rest] = parts;
    if (first === undefined) throw graphInvalid('Split: expected outputs');
    return [concat([first, ...rest], { axis: integer(node.attributes['axis']) })];
  },
  // Our slices start at the first element.
  Slice: (node, context) => [padded(onlyGradient(context), fixedShape(floatAt(node.inputs, 0).shape))],
  Gather: (node, context) => [tableGradient(node, onlyGradient(context)), undefined],
};

/** A product with rows of one 1 adds up what flows back to each row: no scatter, and the same sum every time. */
function tableGradient({ inputs }: Node, gradient: Float): Float {
  const [table, indices] = inputs;
  if (table === undefined || indices === undefined) throw graphInvalid('Gather: expected a table and indices');
  const rows = sizeAt(table.shape, 0);
  const places = table.graph.integers([...Array(rows).keys()], [rows]);
  const picked = reshape(integerValue(indices), [elementCount(fixedShape(indices.shape)), 1]);
  return matMul(transposedMatrix(cast(equal(picked, places), 'float32')), flattened(gradient));
}

function zeros({ graph, shape }: Value): Float {
  const fixed = fixedShape(shape);
  return graph.floats(new Float32Array(elementCount(fixed)), fixed);
}

function integerValue(value: Value): Value<'int32'> {
  if (isInteger(value)) return value;
  throw graphInvalid(`Expected int32 indices, found ${value.type}`);
}

function isInteger(value: Value): value is Value<'int32'> {
  return value.type === 'int32';
}

function integers(attribute: Attribute | undefined): readonly number[] {
  if (attribute?.kind === 'integers') return attribute.values;
  throw graphInvalid('Expected a list of integers as attribute');
}

function integer(attribute: Attribute | undefined): number {
  if (attribute?.kind === 'integer') return attribute.value;
  throw graphInvalid('Expected an integer as attribute');
}
