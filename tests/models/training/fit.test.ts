import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { BatchOrder } from '../../../models/training/batchOrder';
import { bindingTrainingGraph, FEEDS, learntLayout } from '../../../models/training/contrastiveGraph';
import { type FitOptions, fit, type Recipe } from '../../../models/training/fit';
import { type Feeds, GradientSession } from '../../../models/training/gradientSession';
import { initialParameters, slotsOf } from '../../../models/training/initialise';
import { readTrainingState, type TrainingState, writeTrainingState } from '../../../models/training/trainingState';
import { refused } from '../../support/refused';
import { temporaryFolder } from '../../support/temporaryFolder';
import { uniform } from '../imagebind/memoryStateDict';
import { tinyPlan } from './tinyModel';

const BATCH = 4;
const EXAMPLES = 12;
const STEPS = 12;
const RECIPE: Recipe = {
  schedule: { peak: 0.01, warmUpSteps: 2, steps: STEPS },
  beta1: 0.9,
  beta2: 0.95,
  weightDecay: 0.2,
  clip: 1,
  batch: BATCH,
  seed: 1,
};

/** A training of the tiny motion encoder on a few pairs, without the start. */
async function training(context: { after(cleanUp: () => Promise<void>): void }) {
  const plan = await tinyPlan('imu');
  const layout = learntLayout(plan);
  const session = await GradientSession.create(bindingTrainingGraph(plan, { batch: BATCH, negatives: 0 }), {
    threads: 1,
  });
  context.after(() => session.release());
  const random = uniform(5);
  const itemSize = plan.itemShape.reduce((product, size) => product * size, 1);
  const items = Float32Array.from({ length: EXAMPLES * itemSize }, () => 2 * random() - 1);
  const targets = Float32Array.from({ length: EXAMPLES * plan.dimensions }, () => 2 * random() - 1);
  const order = new BatchOrder({ count: EXAMPLES, batch: BATCH, seed: 1 });
  const feeds = (step: number): Feeds => ({
    imu: rows(items, itemSize, order.at(step)),
    [FEEDS.targets]: rows(targets, plan.dimensions, order.at(step)),
  });
  let millis = 0;
  const options = { session, slots: slotsOf(layout), recipe: RECIPE, feeds, now: () => (millis += 500) };
  return { options, start: { parameters: initialParameters(layout, { seed: 3 }) } };
}

function rows(numbers: Float32Array, width: number, indices: Uint32Array): Float32Array {
  return Float32Array.from([...indices].flatMap((row) => [...numbers.subarray(row * width, (row + 1) * width)]));
}

/** All but the time, which says nothing about what was learnt. */
function learnt({ parameters, optimiser, losses }: TrainingState) {
  return { parameters, optimiser, losses };
}

test('a training that is interrupted and resumed from its file ends bit by bit as one that was not', async (context) => {
  const { options, start } = await training(context);
  const whole = await fit({ ...options, start });
  assert.equal(whole.optimiser.step, STEPS);
  assert.ok(whole.losses.at(-1)! < whole.losses[0]!, `${whole.losses}`);

  const file = path.join(await temporaryFolder(context), 'state');
  const stop = new AbortController();
  const write = (state: TrainingState): Promise<void> => writeTrainingState(file, state, 'tiny');
  const interrupted = await fit({
    ...options,
    start,
    checkpoint: { every: 100, write },
    signal: stop.signal,
    onStep: ({ step }) => {
      if (step === 5) stop.abort();
    },
  });
  assert.equal(interrupted.optimiser.step, 5);
  const read = await readTrainingState(file, 'tiny');
  assert.deepEqual(learnt(read!), learnt(interrupted));
  const kept = structuredClone(read!);
  const resumed = await fit({ ...options, start: read! });
  assert.deepEqual(learnt(resumed), learnt(whole));
  assert.ok(resumed.seconds > interrupted.seconds);
  assert.deepEqual(read, kept);
});

test('progress is told after each step, and states are written when they are due and in the end', async (context) => {
  const { options, start } = await training(context);
  const told: string[] = [];
  const written: number[] = [];
  await fit({
    ...options,
    start,
    onStep: ({ step, steps, secondsLeft }) => {
      told.push(`${step}/${steps} ${secondsLeft > 0}`);
    },
    checkpoint: { every: 5, write: async ({ optimiser }) => void written.push(optimiser.step) },
  });
  assert.deepEqual(
    told,
    Array.from({ length: STEPS }, (_, index) => `${index + 1}/${STEPS} ${index + 1 < STEPS}`),
  );
  assert.deepEqual(written, [5, 10, STEPS]);
});

test('numbers that leave the range of float32 end the training, and the last state is good', async (context) => {
  const { options, start } = await training(context);
  const written: TrainingState[] = [];
  const damaged: FitOptions = {
    ...options,
    start,
    feeds: (step) => {
      const feeds = options.feeds(step);
      return step < 3 ? feeds : { ...feeds, imu: new Float32Array(feeds['imu']!.length).fill(Number.NaN) };
    },
    checkpoint: { every: 1, write: async (state) => void written.push(structuredClone(state)) },
  };
  await assert.rejects(fit(damaged), refused('TRAINING_DIVERGED', /loss of NaN/));
  const last = written.at(-1);
  assert.equal(last?.optimiser.step, 3);
  assert.ok(last?.parameters.every(Number.isFinite));
});

test('a gradient that is no number does not reach the parameters', async (context) => {
  const { options, start } = await training(context);
  const written: TrainingState[] = [];
  // A loss that is a number, of parameters whose gradient is not.
  const { gradient } = options.session;
  const run = async (feeds: Feeds): Promise<number> => {
    const loss = await options.session.run(feeds);
    gradient[7] = Number.POSITIVE_INFINITY;
    return loss;
  };
  const checkpoint = { every: 1, write: async (state: TrainingState) => void written.push(state) };
  await assert.rejects(
    fit({ ...options, start, session: { run, gradient }, checkpoint }),
    refused('TRAINING_DIVERGED', /gradient/),
  );
  assert.deepEqual(written, []);
});

test('a learnt temperature stays at or below its ceiling', async (context) => {
  const { options, start } = await training(context);
  const { offset } = options.slots.find(({ name }) => name.endsWith('log_logit_scale'))!;
  start.parameters[offset] = 8;
  const { parameters } = await fit({ ...options, start });
  assert.ok(parameters[offset]! <= Math.fround(Math.log(100)), `${parameters[offset]}`);
});
