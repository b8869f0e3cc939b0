import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, gather, leading, reshape, thirds, transpose } from '../../../models/onnx/arrange';
import { add, cast, equal } from '../../../models/onnx/elementwise';
import { Graph } from '../../../models/onnx/graph';
import { convolution, matMul } from '../../../models/onnx/linear';
import { argMax, layerNormalization, length } from '../../../models/onnx/reduce';
import { kernelPositions } from '../../../models/onnx/shape';
import { isSensebindError } from '../../../runtime/errors';

function refused(make: (graph: Graph) => unknown, pattern: RegExp): void {
  assert.throws(
    () => make(new Graph('refused')),
    (error: unknown) => isSensebindError(error, 'GRAPH_INVALID') && pattern.test(error.message),
  );
}

function floats(graph: Graph, shape: readonly (number | string)[], name = 'x') {
  return graph.input(name, { type: 'float32', shape });
}

test('shapes are worked out as the operators of ONNX do', () => {
  const graph = new Graph('shapes');
  const x = floats(graph, ['batch', 3, 10, 12]);
  const weight = floats(graph, [8, 3, 4, 5], 'weight');
  const grid = convolution(x, { weight, stride: [3, 4] });
  assert.deepEqual(grid.shape, ['batch', 8, 3, 2]);
  const tokens = transpose(reshape(grid, ['batch', 8, 6]), [0, 2, 1]);
  assert.deepEqual(tokens.shape, ['batch', 6, 8]);
  assert.deepEqual(leading(tokens, { axes: [1, 2], sizes: [1, 2] }).shape, ['batch', 1, 2]);
  assert.deepEqual(concat([tokens, tokens], { axis: 1 }).shape, ['batch', 12, 8]);
  assert.deepEqual(matMul(tokens, floats(graph, [8, 21], 'w')).shape, ['batch', 6, 21]);
  assert.deepEqual(add(tokens, floats(graph, [6, 1], 'b')).shape, ['batch', 6, 8]);
  assert.deepEqual(add(floats(graph, [1, 1, 8], 'row'), tokens).shape, ['batch', 6, 8]);
  assert.deepEqual(length(tokens).shape, ['batch', 6, 1]);
  assert.deepEqual(
    thirds(matMul(tokens, floats(graph, [8, 9], 'v')), { axis: -1 }).map(({ shape }) => shape),
    [
      ['batch', 6, 3],
      ['batch', 6, 3],
      ['batch', 6, 3],
    ],
  );
  const ids = graph.input('ids', { type: 'int32', shape: ['batch', 5] });
  assert.deepEqual(gather(floats(graph, [100, 7], 'table'), ids).shape, ['batch', 5, 7]);
  const end = argMax(cast(ids, 'float32'));
  assert.deepEqual([end.shape, end.type], [['batch', 1], 'int64']);
  assert.deepEqual(equal(ids, cast(end, 'int32')).shape, ['batch', 5]);
});

test('a kernel fits where it is not cut off', () => {
  assert.equal(kernelPositions({ size: 204, kernel: 16, stride: 10 }), 19);
  assert.equal(kernelPositions({ size: 5, kernel: 5, stride: 3 }), 1);
  assert.equal(kernelPositions({ size: 4, kernel: 5, stride: 3 }), 0);
});

test('what does not fit is refused when the graph is built', () => {
  refused((graph) => matMul(floats(graph, [2, 3]), floats(graph, [4, 5], 'y')), /MatMul/);
  refused((graph) => add(floats(graph, ['batch', 3]), floats(graph, [2, 3], 'y')), /broadcast/);
  refused((graph) => reshape(floats(graph, ['batch', 6]), ['batch', 7]), /Reshape/);
  refused((graph) => reshape(floats(graph, ['batch', 6]), [1, 6]), /Reshape/);
  refused((graph) => reshape(floats(graph, ['batch', 'length']), ['batch', 'length']), /Reshape/);
  refused((graph) => transpose(floats(graph, [2, 3, 4]), [0, 1, 1]), /Transpose/);
  refused((graph) => concat([floats(graph, [2, 3]), floats(graph, [3, 3], 'y')], { axis: 1 }), /Concat/);
  refused((graph) => thirds(floats(graph, [2, 8]), { axis: 1 }), /Split/);
  refused((graph) => leading(floats(graph, [2, 8]), { axes: [1], sizes: [9] }), /Slice/);
  refused((graph) => leading(floats(graph, ['batch', 8]), { axes: [0], sizes: [1] }), /symbol batch/);
  refused(
    (graph) => convolution(floats(graph, [1, 3, 4, 4]), { weight: floats(graph, [8, 2, 2, 2], 'w'), stride: [2, 2] }),
    /Conv/,
  );
  refused(
    (graph) => convolution(floats(graph, [1, 3, 4, 4]), { weight: floats(graph, [8, 3, 5, 2], 'w'), stride: [2, 2] }),
    /sizes of 1/,
  );
  refused((graph) => {
    const scale = floats(graph, [7], 'scale');
    return layerNormalization(floats(graph, [2, 8]), { scale, bias: scale, epsilon: 1e-5 });
  }, /LayerNormalization/);
  refused((graph) => [floats(graph, [1]), floats(graph, [1])], /new name/);
  refused((graph) => add(floats(graph, [1]), floats(new Graph('other'), [1], 'y')), /another graph/);
  refused((graph) => graph.floats([1, 2, 3], [2]), /2 elements/);
});

test('equal small constants are stored once', () => {
  const graph = new Graph('constants');
  const x = floats(graph, [3]);
  add(add(x, 0.5), 0.5);
  add(x, 1.5);
  graph.floats([0.5], [1]);
  assert.deepEqual(
    graph.initializers.map(({ value, content }) => [value.shape, content.kind === 'inline' && [...content.data]]),
    [
      [[], [0.5]],
      [[], [1.5]],
      [[1], [0.5]],
    ],
  );
});
