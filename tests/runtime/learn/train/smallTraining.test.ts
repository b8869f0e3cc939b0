import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { openBundle } from '../../../../models/bundle/bundle';
import { miniBundleFolder } from '../../../../models/mini/location';
import { learntEncoder } from '../../../../models/training/contrastiveGraph';
import { LearntSession } from '../../../../models/training/gradientSession';
import { systemClock } from '../../../../runtime/clock';
import { Engine } from '../../../../runtime/inference/engine';
import { retrieval } from '../../../../runtime/learn/evaluate/retrieval';
import { rowsOf } from '../../../../runtime/learn/evaluate/rows';
import type { SceneSet } from '../../../../runtime/learn/openSceneSet';
import { planScenes, sceneOf } from '../../../../runtime/learn/scenePlan';
import type { SceneSetSpec } from '../../../../runtime/learn/sceneSetSpec';
import { readingOf } from '../../../../runtime/learn/sensorItems';
import { trainAnchor } from '../../../../runtime/learn/train/anchor';
import { openScenes, type ScenesContext } from '../../../../runtime/learn/train/frozenPictures';
import { MINI_RECIPE } from '../../../../runtime/learn/train/miniRecipe';
import { type BoundTower, HELD_BACK, trainSensor } from '../../../../runtime/learn/train/sensor';
import type { TrainingContext } from '../../../../runtime/learn/train/stage';
import { temporaryFolder } from '../../../support/temporaryFolder';

const WORLD_SEED = 9;
/** Three times as often as by chance, which gives 10 of 256, give or take 3. Measured: 56. */
const LEAST_RECALL_AT_10 = 30 / HELD_BACK;
/** Measured: 0.7 for image and text, and 1.0 for sound. */
const LEAST_FALL = 0.5;

async function contextOf(test: TestContext): Promise<TrainingContext & ScenesContext> {
  const folder = await temporaryFolder(test);
  // One thread: two that wait for each other take several times as long beside other tests.
  const scenes = { root: path.join(folder, 'scenes'), workers: 2 };
  return { folder, scenes, threads: 1, clock: systemClock, onProgress: () => undefined };
}

/** Means over the first and the last ten steps. */
function fallOf(losses: readonly number[]): { readonly first: number; readonly last: number } {
  const mean = (part: readonly number[]): number => part.reduce((sum, loss) => sum + loss, 0) / part.length;
  return { first: mean(losses.slice(0, 10)), last: mean(losses.slice(-10)) };
}

/** What the trained image tower makes of the pictures of a set. */
async function trainedPictures(spec: SceneSetSpec, folder: string): Promise<Float32Array> {
  const bundle = await openBundle(miniBundleFolder(), { stateDirectory: path.join(folder, 'state') });
  await using engine = await Engine.open(bundle, { threadsPerWorker: 1 });
  const { dimensions } = bundle.manifest;
  const all = new Float32Array(spec.count * dimensions);
  for (const [index, planned] of [...planScenes(spec)].entries()) {
    const { vector } = await engine.encode('vision', readingOf('vision', sceneOf(planned)));
    all.set(vector, index * dimensions);
  }
  return all;
}

/** How often a sound that was never learnt from finds its picture among the first ten of those held back. */
async function heldBackRecall({ plan, parameters }: BoundTower, set: SceneSet, targets: Float32Array): Promise<number> {
  const items = new Float32Array(HELD_BACK * set.items('audio').length);
  set.take(
    'audio',
    Array.from({ length: HELD_BACK }, (_, index) => set.count - HELD_BACK + index),
    items,
  );
  const session = await LearntSession.create(learntEncoder(plan), { threads: 1 });
  try {
    const sounds = rowsOf(await session.embed(parameters, items), plan.dimensions);
    const pictures = rowsOf(targets, plan.dimensions).slice(-HELD_BACK);
    return (await retrieval(sounds, pictures, { pool: HELD_BACK, seed: 1 })).recall.at10.value;
  } finally {
    await session.release();
  }
}

describe('a training of some seconds', () => {
  it('of image and text lowers the loss', async (test) => {
    const schedule = { peak: 2e-3, warmUpSteps: 8, steps: 25 };
    const recipe = { ...MINI_RECIPE.anchor, scenes: HELD_BACK + 48, batch: 16, schedule };
    const { losses } = await trainAnchor({ ...(await contextOf(test)), recipe, worldSeed: WORLD_SEED });
    const { first, last } = fallOf(losses);
    console.log(`image and text: the loss went from ${first} to ${last}`);
    assert.ok(last < first - LEAST_FALL, `the loss went from ${first} to ${last}`);
  });

  it('of sound against the trained image tower lowers the loss, and finds pictures of scenes that it never saw', async (test) => {
    const context = await contextOf(test);
    const spec = { set: 'bound', count: HELD_BACK + 256, seed: WORLD_SEED } as const;
    const targets = await trainedPictures(spec, context.folder);
    const set = await openScenes(spec, 'audio', context);
    const schedule = { peak: 1e-3, warmUpSteps: 10, steps: 40 };
    const tower = await trainSensor({
      ...context,
      modality: 'audio',
      recipe: { ...MINI_RECIPE.sensors.audio, scenes: spec.count, batch: 32, negatives: 32, schedule },
      spec,
      targetsFrom: 'the bundle that is shipped',
      prepare: async () => ({ targets, set }),
    });
    const { first, last } = fallOf(tower.losses);
    const recall = await heldBackRecall(tower, set, targets);
    console.log(`sound: the loss went from ${first} to ${last}, R@10 of ${HELD_BACK} is ${recall}`);
    assert.ok(last < first - LEAST_FALL, `the loss went from ${first} to ${last}`);
    assert.ok(recall >= LEAST_RECALL_AT_10, `recall@10 is ${recall}`);
  });
});
