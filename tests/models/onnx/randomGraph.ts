import { concat, expanded, gather, leading, padded, reshape, split, transpose } from '../../../models/onnx/arrange';
import { add, cast, div, equal, erf, exp, greater, log, max, mul, neg, sub } from '../../../models/onnx/elementwise';
import { Graph, type Value } from '../../../models/onnx/graph';
import { convolution, matMul } from '../../../models/onnx/linear';
import { argMax, layerNormalization, length, logSumExp, softmax, sum } from '../../../models/onnx/reduce';
import { fixedShape, sizeAt } from '../../../models/onnx/shape';
import { SeededNumbers } from '../../../models/training/seededNumbers';

type Float = Value<'float32'>;

interface Soil {
  readonly graph: Graph;
  /** Of rank 3. */
  readonly x: Float;
  readonly random: SeededNumbers;
}

/** A graph of rank-3 values, each made of an earlier one by an operator drawn at random; all of them are outputs. */
export function randomGraph(seed: number): Graph {
  const graph = new Graph(`random_${seed}`);
  const random = new SeededNumbers(seed);
  const sizes = Array.from({ length: 3 }, () => 2 + random.integer(4));
  const values = [graph.input('first', { type: 'float32', shape: sizes })];
  for (let step = 0; step < 8; step++) {
    const x = values[random.integer(values.length)]!;
    const grown = GROWTHS[random.integer(GROWTHS.length)]!({ graph, x, random });
    values.push(grown);
    graph.output(`y_${step}`, grown);
  }
  return graph;
}

/** Every way that keeps numbers small, so that float32 keeps its digits. */
const GROWTHS: readonly ((soil: Soil) => Float)[] = [
  ({ x, ...soil }) => add(x, constant(soil, broadcastable(x, soil.random))),
  ({ x, ...soil }) => sub(constant(soil, broadcastable(x, soil.random)), x),
  ({ x, ...soil }) => mul(x, constant(soil, broadcastable(x, soil.random))),
  ({ x, ...soil }) => div(constant(soil, broadcastable(x, soil.random)), add(mul(x, x), 0.5)),
  ({ x, ...soil }) => max(x, constant(soil, broadcastable(x, soil.random))),
  ({ x }) => neg(x),
  ({ x }) => exp(neg(mul(x, x))),
  ({ x }) => log(add(mul(x, x), 0.5)),
  ({ x }) => erf(x),
  ({ x }) => softmax(x),
  ({ x }) => expanded(length(x), fixedShape(x.shape)),
  ({ x }) => sub(x, logSumExp(x)),
  ({ x, random }) => sub(x, sum(x, { axes: [[0], [-1], [0, 2], [0, 1, 2]][random.integer(4)]! })),
  ({ x, ...soil }) => matMul(x, constant(soil, [sizeAt(x.shape, 2), 1 + soil.random.integer(5)])),
  ({ x, ...soil }) => matMul(constant(soil, [sizeAt(x.shape, 0), 3, sizeAt(x.shape, 1)]), x),
  ({ x }) => matMul(x, transpose(x, [0, 2, 1])),
  ({ x, ...soil }) => convolved(x, soil),
  ({ x }) => reshape(x, [sizeAt(x.shape, 1), sizeAt(x.shape, 2), sizeAt(x.shape, 0)]),
  ({ x, random }) =>
    transpose(
      x,
      [
        [2, 0, 1],
        [1, 0, 2],
        [0, 2, 1],
      ][random.integer(3)]!,
    ),
  ({ x, random }) => concat([x, neg(x), x], { axis: random.integer(3) }),
  ({ x, random }) => {
    const axis = random.integer(3);
    const first = Math.ceil(sizeAt(x.shape, axis) / 2);
    const rest = sizeAt(x.shape, axis) - first;
    const parts = split(x, { axis, sizes: rest === 0 ? [first] : [first, rest] });
    return parts.at(-1)!;
  },
  ({ x, random }) => {
    const axis = random.integer(3);
    return leading(x, { axes: [axis], sizes: [1 + random.integer(sizeAt(x.shape, axis))] });
  },
  ({ x, random }) =>
    padded(
      x,
      fixedShape(x.shape).map((size) => size + random.integer(3)),
    ),
  ({ x, graph, random }) => {
    const rows = Array.from({ length: 4 }, () => random.integer(sizeAt(x.shape, 0)));
    return gather(x, graph.integers(rows, [4]));
  },
  ({ x, ...soil }) => cast(greater(x, constant(soil, broadcastable(x, soil.random))), 'float32'),
  ({ x }) => {
    const places = x.graph.integers([...Array(sizeAt(x.shape, 2)).keys()], [sizeAt(x.shape, 2)]);
    return cast(equal(places, cast(argMax(x), 'int32')), 'float32');
  },
  ({ x, ...soil }) => {
    const width = [sizeAt(x.shape, 2)];
    return layerNormalization(x, { scale: constant(soil, width), bias: constant(soil, width), epsilon: 1e-2 });
  },
  withStatistics,
];

function constant({ graph, random }: Omit<Soil, 'x'>, shape: readonly number[]): Float {
  const count = shape.reduce((product, size) => product * size, 1);
  return graph.floats(
    Array.from({ length: count }, () => 2 * random.next() - 1),
    shape,
  );
}

/** A shape that broadcasts to that of `x`, of any rank up to its own. */
function broadcastable(x: Float, random: SeededNumbers): readonly number[] {
  const shape = fixedShape(x.shape).map((size) => (random.next() < 0.5 ? 1 : size));
  return shape.slice(random.integer(shape.length + 1));
}

/** One-dimensional, overlapping or not, with or without dilation, as the gradient of a convolution needs. */
function convolved(x: Float, soil: Omit<Soil, 'x'>): Float {
  const [, channels, size] = fixedShape(x.shape) as [number, number, number];
  const kernel = 1 + soil.random.integer(Math.min(size, 3));
  const weight = constant(soil, [2, channels, kernel]);
  if (kernel > 1 && size > 2 * (kernel - 1) && soil.random.next() < 0.5) {
    return soil.graph.append('Conv', {
      inputs: [x, weight],
      attributes: {
        kernel_shape: { kind: 'integers', values: [kernel] },
        dilations: { kind: 'integers', values: [2] },
      },
      type: 'float32',
      shape: [sizeAt(x.shape, 0), 2, size - 2 * (kernel - 1)],
    });
  }
  return convolution(x, { weight, stride: [1 + soil.random.integer(3)] });
}

/** Layer normalisation with the mean and the inverse deviation as outputs of their own. */
function withStatistics({ graph, x, random }: Soil): Float {
  const [rows, columns, width] = fixedShape(x.shape) as [number, number, number];
  const name = graph.nextName('LayerNormalization');
  const value = (part: string, size: number): Float =>
    graph.value(`${name}_${part}`, { type: 'float32', shape: [rows, columns, size] });
  const [normal, mean, inverse] = [value('normal', width), value('mean', 1), value('inverse', 1)] as const;
  graph.push({
    name,
    operator: 'LayerNormalization',
    inputs: [x, constant({ graph, random }, [width]), constant({ graph, random }, [width])],
    outputs: [normal, mean, inverse],
    attributes: { axis: { kind: 'integer', value: -1 }, epsilon: { kind: 'float', value: 1e-2 } },
  });
  return add(mul(normal, inverse), mean);
}
