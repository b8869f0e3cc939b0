import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Graph } from '../../../models/onnx/graph';
import { bindingTrainingGraph, FEEDS, FETCHES, pairTrainingGraph } from '../../../models/training/contrastiveGraph';
import { uniform } from '../imagebind/memoryStateDict';
import { Float64Graph } from '../onnx/float64Graph';
import { type Feed, runGraph } from '../onnx/runModel';
import { centralDifferences, relativeLength, worstRelativeError } from './centralDifferences';
import { tinyPlan } from './tinyModel';

const WORST = 1e-6;
const WORST_ON_RUNTIME = 1e-5;
const BATCH = 2;

test('image and text learn from each other: every parameter by finite differences', async () => {
  await check(pairTrainingGraph([await tinyPlan('vision'), await tinyPlan('text')], { batch: BATCH }));
});

for (const modality of ['audio', 'depth', 'thermal', 'imu'] as const) {
  test(`${modality} is bound to stored embeddings: every parameter by finite differences`, async () => {
    await check(bindingTrainingGraph(await tinyPlan(modality), { batch: BATCH, negatives: 4 }));
  });
}

async function check(graph: Graph): Promise<void> {
  const feeds = randomFeeds(graph);
  const numbers = Object.fromEntries(Object.entries(feeds).map(([name, { data }]) => [name, data]));
  const found = new Float64Graph(graph).run(numbers)(FETCHES.gradient);
  const forward = new Float64Graph(graph, [FETCHES.loss]);
  const loss = (parameters: Float64Array): number =>
    forward.run({ ...numbers, [FEEDS.parameters]: parameters })(FETCHES.loss)[0]!;
  const expected = centralDifferences(loss, Float64Array.from(numbers[FEEDS.parameters]!));
  assert.equal(found.length, expected.length);
  const worst = worstRelativeError(found, expected);
  const runtime = await runGraph(graph, feeds);
  const onRuntime = relativeLength(runtime.get(FETCHES.gradient)!, found);
  console.log(
    `${graph.name}: ${expected.length} parameters, worst relative error ${worst.toExponential(1)}, float32 ${onRuntime.toExponential(1)}`,
  );
  assert.ok(worst < WORST, `${worst}`);
  assert.ok(onRuntime < WORST_ON_RUNTIME, `${onRuntime}`);
}

/** Numbers in ±0.5, word ids of the vocabulary of 11: no norm, bias or temperature is left at its start. */
function randomFeeds(graph: Graph): Readonly<Record<string, Feed>> {
  const random = uniform(7);
  return Object.fromEntries(
    graph.inputs.map(({ name, type, shape }) => {
      const sizes = shape.map(Number);
      const length = sizes.reduce((product, size) => product * size, 1);
      const data =
        type === 'int32'
          ? Int32Array.from({ length }, () => Math.floor(11 * random()))
          : Float32Array.from({ length }, () => random() - 0.5);
      return [name, { data, shape: sizes }];
    }),
  );
}
