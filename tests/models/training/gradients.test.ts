import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mul } from '../../../models/onnx/elementwise';
import { Graph, type Value } from '../../../models/onnx/graph';
import { sum } from '../../../models/onnx/reduce';
import { differentiate, GRADIENT_RULES } from '../../../models/training/differentiate';
import { uniform } from '../imagebind/memoryStateDict';
import { Float64Graph } from '../onnx/float64Graph';
import { runGraph } from '../onnx/runModel';
import { centralDifferences, relativeLength, worstRelativeError } from './centralDifferences';
import { GRADIENT_CASES, type GradientCase } from './gradientCases';

/** Constants of rules are float32 (2/√π is off by 3e-8); the rest is the error of central differences. */
const WORST = 1e-6;
const WORST_ON_RUNTIME = 1e-5;

interface Learnt {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

for (const operator of GRADIENT_RULES.keys()) {
  test(`the gradient of ${operator} is that of finite differences, and of the runtime`, async () => {
    const cases = GRADIENT_CASES[operator];
    assert.ok(cases !== undefined && cases.length > 0, `no case of the rule of ${operator}`);
    let [worst, worstOnRuntime] = [0, 0];
    for (const [index, gradientCase] of cases.entries()) {
      const { graph, learnt } = lossOf(gradientCase, index);
      assert.ok(graph.nodes.some((node) => node.operator === operator));
      const inputs = graph.inputs.filter(isFloat);
      const [loss] = graph.outputs.filter(isFloat);
      for (const [place, gradient] of differentiate(loss!, inputs).entries()) {
        graph.output(`gradient_${place}`, gradient);
      }
      const errors = await gradientErrors(graph, learnt);
      worst = Math.max(worst, errors.worst);
      worstOnRuntime = Math.max(worstOnRuntime, errors.onRuntime);
    }
    console.log(
      `${operator}: ${cases.length} cases, worst relative error ${worst.toExponential(1)}, float32 ${worstOnRuntime.toExponential(1)}`,
    );
    assert.ok(worst < WORST, `${worst}`);
    assert.ok(worstOnRuntime < WORST_ON_RUNTIME, `${worstOnRuntime}`);
  });
}

/** A sum in which every element of the case's value has a weight of its own: the output `loss`. */
function lossOf(
  { shapes, build }: GradientCase,
  seed: number,
): { readonly graph: Graph; readonly learnt: readonly Learnt[] } {
  const graph = new Graph('case');
  const random = uniform(seed + 1);
  const drawn = (count: number): Float32Array => Float32Array.from({ length: count }, () => 2 * random() - 1);
  const learnt = shapes.map((shape, index) => ({ name: `x_${index}`, shape, data: drawn(countOf(shape)) }));
  const value = build(
    learnt.map(({ name, shape }) => graph.input(name, { type: 'float32', shape })),
    graph,
  );
  const shape = value.shape.map(Number);
  const weighted = mul(value, graph.floats(drawn(countOf(shape)), shape));
  graph.expose(sum(weighted, { axes: shape.map((_, axis) => axis) }));
  return { graph, learnt };
}

/** How far the gradients in the graph are from finite differences, and the runtime's from those. */
async function gradientErrors(
  graph: Graph,
  learnt: readonly Learnt[],
): Promise<{ readonly worst: number; readonly onRuntime: number }> {
  const reference = new Float64Graph(graph);
  const point = Object.fromEntries(learnt.map(({ name, data }) => [name, Float64Array.from(data)]));
  const exact = reference.run(point);
  const lossName = graph.outputs[0]!.name;
  const forward = new Float64Graph(graph, [lossName]);
  const runtime = await runGraph(graph, Object.fromEntries(learnt.map(({ name, ...feed }) => [name, feed])));
  const errors = learnt.map(({ name }, place) => {
    const found = exact(`gradient_${place}`);
    const expected = centralDifferences((x) => forward.run({ ...point, [name]: x })(lossName)[0]!, point[name]!);
    assert.equal(found.length, expected.length);
    assert.ok(expected.some((number) => number !== 0));
    return {
      worst: worstRelativeError(found, expected),
      onRuntime: relativeLength(runtime.get(`gradient_${place}`)!, found),
    };
  });
  return {
    worst: Math.max(...errors.map(({ worst }) => worst)),
    onRuntime: Math.max(...errors.map(({ onRuntime }) => onRuntime)),
  };
}

function isFloat(value: Value): value is Value<'float32'> {
  return value.type === 'float32';
}

function countOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
