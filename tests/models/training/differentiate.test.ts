import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reshape } from '../../../models/onnx/arrange';
import { add, cast, mul } from '../../../models/onnx/elementwise';
import { Graph } from '../../../models/onnx/graph';
import { convolution } from '../../../models/onnx/linear';
import { argMax, sum } from '../../../models/onnx/reduce';
import { bindDimensions } from '../../../models/training/bindDimensions';
import { differentiate } from '../../../models/training/differentiate';
import { refused } from '../../support/refused';
import { Float64Graph } from '../onnx/float64Graph';

function input(graph: Graph, shape: readonly (number | string)[], name = 'x') {
  return graph.input(name, { type: 'float32', shape });
}

test('an operator without a rule is refused by its name', () => {
  const graph = new Graph('sine');
  const x = input(graph, [1]);
  const sine = graph.append('Sin', { inputs: [x], type: 'float32', shape: [1] });
  assert.throws(() => differentiate(sine, [x]), refused('GRAPH_INVALID', /rule, found Sin/));
});

test('such an operator does no harm where no parameter flows through it', () => {
  const graph = new Graph('sine');
  const [x, y] = [input(graph, [1]), input(graph, [1], 'y')];
  const sine = graph.append('Sin', { inputs: [y], type: 'float32', shape: [1] });
  assert.equal(differentiate(mul(x, sine), [x]).length, 1);
});

test('a parameter that the loss does not depend on is refused by its name', () => {
  const graph = new Graph('unused');
  const [x, unused, only] = [input(graph, [1]), input(graph, [1], 'unused'), input(graph, [1, 3], 'only')];
  assert.throws(() => differentiate(mul(x, 2), [x, unused]), refused('GRAPH_INVALID', /depend on unused/));
  // Through an index nothing flows back.
  const index = reshape(cast(argMax(only), 'float32'), [1]);
  assert.throws(() => differentiate(add(x, index), [x, only]), refused('GRAPH_INVALID', /depend on only/));
});

test('a loss of several elements is refused', () => {
  const graph = new Graph('long');
  const x = input(graph, [2]);
  assert.throws(() => differentiate(mul(x, x), [x]), refused('GRAPH_INVALID', /one element, found \[2\]/));
});

test('the input of a convolution cannot be learnt', () => {
  const graph = new Graph('picture');
  const x = input(graph, [1, 1, 4]);
  const value = convolution(x, { weight: input(graph, [1, 1, 2], 'weight'), stride: [1] });
  assert.throws(() => differentiate(sum(value, { axes: [0, 1, 2] }), [x]), refused('GRAPH_INVALID', /Conv/));
});

test('what is multiplied by zero takes no gradient, but a parameter that starts from zero does', () => {
  const graph = new Graph('zero');
  const x = input(graph, [1]);
  const content = { kind: 'inline', data: Float32Array.of(0) } as const;
  const weight = graph.initializer('weight', { type: 'float32', shape: [1], content });
  const [byX, byWeight] = differentiate(add(mul(x, weight), mul(x, 0)), [x, weight]);
  graph.output('by_x', byX!);
  graph.output('by_weight', byWeight!);
  const found = new Float64Graph(graph).run({ x: [3] });
  assert.deepEqual([found('by_x')[0], found('by_weight')[0]], [0, 3]);
});

test('symbols become numbers, and one without a number is refused', () => {
  const graph = new Graph('symbols');
  const x = input(graph, ['batch', 4]);
  graph.output('y', reshape(mul(x, 2), ['batch', 2, 2]));
  const bound = bindDimensions(graph, { batch: 3 });
  assert.deepEqual(
    [...bound.inputs, ...bound.outputs].map(({ name, shape }) => [name, shape]),
    [
      ['x', [3, 4]],
      ['y', [3, 2, 2]],
    ],
  );
  assert.throws(() => bindDimensions(graph, {}), refused('GRAPH_INVALID', /symbol batch/));
});
