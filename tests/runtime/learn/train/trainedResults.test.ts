import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { it } from 'node:test';
import { systemClock } from '../../../../runtime/clock';
import { readResults, writeResults } from '../../../../runtime/learn/evaluate/results';
import type { MiniOptions, TrainedMini } from '../../../../runtime/learn/train/mini';
import { MINI_RECIPE } from '../../../../runtime/learn/train/miniRecipe';
import { writeTrainedResults } from '../../../../runtime/learn/train/trainedResults';
import { refused } from '../../../support/refused';
import { temporaryFolder } from '../../../support/temporaryFolder';
import { resultsOf } from '../evaluate/storedResults';

const HASH = 'a'.repeat(64);

/** A training that left no bundles: judging one of them fails. */
function trainingIn(folder: string): { readonly trained: TrainedMini; readonly options: MiniOptions } {
  const nothing = new Float32Array();
  const anchor = { vision: nothing, text: nothing, losses: [0.5, 0.25], seconds: 3 };
  const trained: TrainedMini = {
    recipe: MINI_RECIPE,
    bundleHash: HASH,
    floatingPoint: path.join(folder, 'floating-point'),
    anchor,
    stages: [{ name: 'anchor', losses: anchor.losses, seconds: anchor.seconds }],
  };
  const options: MiniOptions = {
    recipe: MINI_RECIPE,
    folder,
    bundle: folder,
    scenes: { root: folder },
    threads: 1,
    clock: systemClock,
    onProgress: () => undefined,
  };
  return { trained, options };
}

it('a bundle that became the same again is not judged a second time', async (context) => {
  const folder = await temporaryFolder(context);
  const { trained, options } = trainingIn(folder);
  const stored = resultsOf(HASH);
  await writeResults(folder, stored);
  await writeTrainedResults(trained, options, { controls: false });
  const found = await readResults(folder, HASH);
  assert.ok(found.status === 'stored');
  assert.deepEqual(found.results.precisions, stored.precisions);
  assert.deepEqual(found.results.runs, stored.runs);
  const { seed, scenes } = MINI_RECIPE.anchor;
  const tower = { seed, steps: 2, scenes, seconds: 3 };
  assert.deepEqual(found.results.towers, { vision: tower, text: tower });
});

it('another bundle is judged, before anything is written of it', async (context) => {
  const folder = await temporaryFolder(context);
  const { trained, options } = trainingIn(folder);
  await assert.rejects(writeTrainedResults(trained, options, { controls: false }), refused('BUNDLE_MISSING'));
  assert.deepEqual(await readdir(folder), []);
});
