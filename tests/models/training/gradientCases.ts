import { concat, expanded, gather, leading, reshape, split, thirds, transpose } from '../../../models/onnx/arrange';
import { add, div, erf, exp, log, max, mul, neg, sub } from '../../../models/onnx/elementwise';
import type { Graph, Value } from '../../../models/onnx/graph';
import { convolution, matMul } from '../../../models/onnx/linear';
import { layerNormalization, length, logSumExp, softmax, sum } from '../../../models/onnx/reduce';

type Float = Value<'float32'>;
type Build = (values: readonly Float[], graph: Graph) => Float;

/** One way to use an operator: shapes of what is learnt, and the value that the loss is made of. */
export interface GradientCase {
  readonly shapes: readonly (readonly number[])[];
  readonly build: Build;
}

/** Cases of every gradient rule, by operator. All numbers are drawn from ±1; `positive` keeps them off zero. */
export const GRADIENT_CASES: Readonly<Record<string, readonly GradientCase[]>> = {
  Identity: [one([2, 3], (x) => x.graph.append('Identity', { inputs: [x], type: 'float32', shape: x.shape }))],
  Add: broadcastings(add),
  Sub: broadcastings(sub),
  Mul: [...broadcastings(mul), one([2, 3], (x) => mul(x, x)), one([3], (x) => mul(x, -1.5))],
  Div: [...broadcastings((a, b) => div(a, positive(b))), one([2, 3], (x) => div(x, positive(x)))],
  Max: [...broadcastings((a, b) => max(a, mul(b, 0.2))), one([2, 3, 2], (x) => max(x, 0.25))],
  Neg: ranks(neg),
  Exp: ranks(exp),
  Log: ranks((x) => log(positive(x))),
  Erf: ranks((x) => erf(mul(x, 2))),
  MatMul: [
    two([3, 4], [4, 2], matMul),
    // One matrix shared by a batch, from the right and from the left.
    two([2, 3, 4], [4, 5], matMul),
    two([2, 2, 3, 4], [4, 2], matMul),
    two([3, 4], [2, 4, 5], matMul),
    // A matrix for each item.
    two([2, 3, 4], [2, 4, 5], matMul),
    two([2, 3, 2, 4], [2, 3, 4, 2], matMul),
    // A batch of one for a batch of three, and both of them broadcast.
    two([1, 3, 4], [3, 4, 2], matMul),
    two([2, 1, 3, 2], [3, 2, 4], matMul),
    // Transposed operands, whose transposes are taken back.
    two([4, 3], [2, 4], (a, b) => matMul(transpose(a, [1, 0]), transpose(b, [1, 0]))),
    two([2, 4, 3], [2, 5, 4], (a, b) => matMul(transpose(a, [0, 2, 1]), transpose(b, [0, 2, 1]))),
    one([3, 3], (x) => matMul(x, x)),
  ],
  Conv: [
    kernel([2, 3, 7], [4, 3, 3], [2]),
    // Without overlap, with overlap, and with a rest that no step reaches.
    kernel([2, 3, 6, 8], [4, 3, 2, 4], [2, 4]),
    kernel([2, 2, 7, 6], [3, 2, 3, 4], [2, 1]),
    kernel([2, 2, 8, 9], [3, 2, 3, 2], [2, 3]),
    kernel([1, 1, 5, 5], [2, 1, 5, 5], [1, 1]),
    kernel([2, 3, 1, 8, 8], [4, 3, 1, 4, 4], [1, 4, 4]),
    kernel([2, 2, 5, 6, 7], [3, 2, 2, 3, 2], [2, 2, 3]),
  ],
  ReduceSum: [[0], [1], [-1], [0, 2], [0, 1, 2]].map((axes) => one([2, 3, 4], (x) => sum(x, { axes }))),
  ReduceL2: ranks(length),
  ReduceLogSumExp: ranks(logSumExp),
  Softmax: ranks(softmax),
  LayerNormalization: [
    ...[
      [3, 5],
      [2, 3, 4],
      [2, 1, 2, 6],
    ].map((shape) => norm(shape, 1e-5)),
    norm([4, 3], 0.1),
    // What is learnt is not the input: the gradient stops there.
    { shapes: [[4]], build: ([scale], graph) => normalised(graph.floats(numbers(8), [2, 4]), scale!, scale!) },
  ],
  Reshape: [one([2, 6], (x) => reshape(x, [3, 4])), one([2, 3, 2], (x) => reshape(x, [12]))],
  Expand: [one([1, 3], (x) => expanded(x, [4, 3])), one([3, 1], (x) => expanded(x, [2, 3, 4]))],
  Transpose: [
    one([2, 3], (x) => transpose(x, [1, 0])),
    one([2, 3, 4], (x) => transpose(x, [2, 0, 1])),
    one([2, 3, 1, 4], (x) => transpose(x, [1, 3, 0, 2])),
  ],
  Concat: [
    two([2, 3], [4, 3], (a, b) => concat([a, b], { axis: 0 })),
    two([2, 3, 2], [2, 1, 2], (a, b) => concat([a, b, a], { axis: 1 })),
    one([2, 3], (x) => concat([x, x.graph.floats(numbers(4), [2, 2])], { axis: -1 })),
  ],
  Split: [
    one([2, 6], (x) => {
      const [a, b, c] = thirds(x, { axis: 1 });
      return add(mul(a, b), c);
    }),
    // Parts of several sizes, of which one is not used.
    one([7, 2], (x) => {
      const [a, , c] = split(x, { axis: 0, sizes: [2, 3, 2] });
      return mul(a!, c!);
    }),
  ],
  Slice: [
    one([4, 3], (x) => leading(x, { axes: [0], sizes: [2] })),
    one([2, 3, 4], (x) => leading(x, { axes: [1, 2], sizes: [1, 3] })),
  ],
  Gather: [
    // Some rows more than once, some never.
    one([5, 3], (table) => gather(table, table.graph.integers([1, 4, 1, 0], [4]))),
    one([4, 2], (table) => gather(table, table.graph.integers([3, 3, 0, 2, 3, 1], [2, 3]))),
  ],
};

function one(shape: readonly number[], build: (x: Float) => Float): GradientCase {
  return { shapes: [shape], build: ([x]) => build(x!) };
}

function two(left: readonly number[], right: readonly number[], build: (a: Float, b: Float) => Float): GradientCase {
  return { shapes: [left, right], build: ([a, b]) => build(a!, b!) };
}

function ranks(build: (x: Float) => Float): readonly GradientCase[] {
  return [[4], [2, 3], [2, 1, 3], [2, 2, 1, 3]].map((shape) => one(shape, build));
}

function broadcastings(build: (a: Float, b: Float) => Float): readonly GradientCase[] {
  return [
    two([2, 3], [2, 3], build),
    two([2, 3, 4], [4], build),
    two([3], [2, 1, 3], build),
    two([3, 1], [2, 1, 4], build),
    two([2, 1, 3, 1], [2, 1, 5], build),
    two([2, 3], [1], build),
  ];
}

function kernel(items: readonly number[], weight: readonly number[], stride: readonly number[]): GradientCase {
  const count = items.reduce((product, size) => product * size, 1);
  return {
    shapes: [weight],
    build: ([learnt], graph) => convolution(graph.floats(numbers(count), items), { weight: learnt!, stride }),
  };
}

function norm(shape: readonly number[], epsilon: number): GradientCase {
  const width = [shape.at(-1)!];
  return {
    shapes: [shape, width, width],
    build: ([x, scale, bias]) => layerNormalization(x!, { scale: scale!, bias: bias!, epsilon }),
  };
}

function normalised(x: Float, scale: Float, bias: Float): Float {
  return layerNormalization(x, { scale, bias, epsilon: 1e-5 });
}

/** 0.5 or more. */
function positive(x: Float): Float {
  return add(mul(x, x), 0.5);
}

/** Some numbers in ±1 that are all different. */
function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => Math.sin(1 + 1.7 * index));
}
