import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Graph } from '../../../models/onnx/graph';
import { uniform } from '../imagebind/memoryStateDict';
import { erf } from './erf';
import { Float64Graph } from './float64Graph';
import { FLOAT64_OPERATORS } from './float64Operators';
import { randomGraph } from './randomGraph';
import { type Feed, runGraph } from './runModel';

/** Far more than float32 rounds off in some dozen operators, far less than any wrong element makes. */
const FLOAT32_ACCURACY = 2e-5;

test('the error function has the digits of C', () => {
  // /usr/bin/python3 -c "import math; print([math.erf(x) for x in (-5.5, -1, 1e-9, 0.5, 1, 2.5, 4)])"
  const known = [
    [-5.5, -0.9999999999999927],
    [-1, -0.8427007929497149],
    [1e-9, 1.1283791670955127e-9],
    [0.5, 0.5204998778130465],
    [1, 0.8427007929497149],
    [2.5, 0.999593047982555],
    [4, 0.9999999845827421],
  ] as const;
  for (const [x, expected] of known) assert.ok(Math.abs(erf(x) / expected - 1) < 1e-15, `${x}: ${erf(x)}`);
});

test('random graphs give what onnxruntime gives, and every operator is in one of them', async () => {
  const seen = new Set<string>();
  let worst = 0;
  for (let seed = 0; seed < 40; seed++) {
    const graph = randomGraph(seed);
    for (const { operator } of graph.nodes) seen.add(operator);
    const feeds = randomFeeds(graph, seed);
    const found = new Float64Graph(graph).run(
      Object.fromEntries(Object.entries(feeds).map(([name, { data }]) => [name, data])),
    );
    for (const [name, expected] of await runGraph(graph, feeds)) {
      const error = relativeLength(found(name), expected);
      assert.ok(error < FLOAT32_ACCURACY, `seed ${seed}, ${name}: ${error}`);
      worst = Math.max(worst, error);
    }
  }
  console.log(`float64 reference against onnxruntime: worst relative L2 ${worst.toExponential(1)}`);
  assert.deepEqual(seen, new Set(Object.keys(FLOAT64_OPERATORS)));
});

function randomFeeds(graph: Graph, seed: number): Readonly<Record<string, Feed>> {
  const random = uniform(seed);
  return Object.fromEntries(
    graph.inputs.map(({ name, shape }) => {
      const sizes = shape.map(Number);
      const count = sizes.reduce((product, size) => product * size, 1);
      return [name, { data: Float32Array.from({ length: count }, () => 4 * random() - 2), shape: sizes }];
    }),
  );
}

function relativeLength(found: ArrayLike<number>, expected: Float32Array): number {
  assert.equal(found.length, expected.length);
  const difference = expected.map((number, index) => number - found[index]!);
  return Math.hypot(...difference) / Math.max(Math.hypot(...expected), 1e-3);
}
