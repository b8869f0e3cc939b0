import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Graph } from '../../../../models/onnx/graph';
import { quantizedProduct, quantizedRows } from '../../../../models/onnx/quantize/operators';
import { runGraph } from '../runModel';

describe('int8 products, computed by the runtime', () => {
  it('are what a small case gives by hand', async () => {
    const graph = new Graph('product');
    const x = graph.input('x', { type: 'float32', shape: [1, 1, 2] });
    const integers = graph.initializer('w', {
      ...{ type: 'int8', shape: [2, 2] },
      content: { kind: 'inline', data: Int8Array.of(127, -3, 1, 5) },
    });
    const zero = graph.initializer('z', {
      ...{ type: 'int8', shape: [2] },
      content: { kind: 'inline', data: new Int8Array(2) },
    });
    const scale = graph.initializer('s', {
      ...{ type: 'float32', shape: [2] },
      content: { kind: 'inline', data: Float32Array.of(0.5, 2) },
    });
    const shape = [1, 1, 2];
    graph.output('y', quantizedProduct(x, { name: 'product', weights: { integers, zero, scale }, shape }));
    // DynamicQuantizeLinear (ONNX operators, opset 11): the range −51 … 204 is 255 steps of 1, 0 at 51; so the integers
    // are 0 and 255, which stand for −51 and 204.
    const results = await runGraph(graph, { x: { data: Float32Array.of(-51, 204), shape } });
    const expected = [(-51 * 127 + 204 * 1) * 0.5, (-51 * -3 + 204 * 5) * 2];
    assert.deepEqual([...results.get('y')!], expected);
  });

  it('of a table take rows, each with a scale of its own', async () => {
    const graph = new Graph('rows');
    const indices = graph.input('ids', { type: 'int32', shape: [1, 3] });
    const integers = graph.initializer('t', {
      ...{ type: 'int8', shape: [2, 2] },
      content: { kind: 'inline', data: Int8Array.of(1, -2, 127, 4) },
    });
    const scale = graph.initializer('s', {
      ...{ type: 'float32', shape: [2, 1] },
      content: { kind: 'inline', data: Float32Array.of(0.25, 3) },
    });
    graph.output('y', quantizedRows(indices, { name: 'taken', integers, scale }));
    const results = await runGraph(graph, { ids: { data: Int32Array.of(1, 0, 1), shape: [1, 3] } });
    assert.deepEqual([...results.get('y')!], [381, 12, 0.25, -0.5, 381, 12]);
  });
});
