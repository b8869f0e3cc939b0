import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../../../runtime/clock';
import { trainAnchor } from '../../../../runtime/learn/train/anchor';
import { FrozenPictures, openScenes } from '../../../../runtime/learn/train/frozenPictures';
import { MINI_RECIPE } from '../../../../runtime/learn/train/miniRecipe';
import { trainSensor } from '../../../../runtime/learn/train/sensor';
import type { StageProgress, TrainingContext } from '../../../../runtime/learn/train/stage';
import { temporaryFolder } from '../../../support/temporaryFolder';

const SCENES = 768;
/** Of 256 candidates: four times as often as by chance. */
const LEAST_RECALL = 4 / 256;

test('a training of a minute lowers the loss, and finds partners that it never saw better than chance', async (t) => {
  const folder = await temporaryFolder(t);
  const progress: StageProgress[] = [];
  const context: TrainingContext & { readonly scenes: { readonly root: string } } = {
    folder,
    threads: 2,
    clock: systemClock,
    scenes: { root: path.join(folder, 'scenes') },
    onProgress: (entry) => progress.push(entry),
  };
  const recipe = {
    ...MINI_RECIPE.anchor,
    scenes: SCENES,
    batch: 32,
    schedule: { peak: 1e-3, warmUpSteps: 20, steps: 120 },
  };
  const anchor = await trainAnchor({ ...context, recipe, worldSeed: 9 });
  assertLearned('anchor', anchor.losses, progress);

  const pictures = new FrozenPictures(anchor.vision, context);
  const spec = { set: 'bound', count: SCENES, seed: 9 } as const;
  const sound = await trainSensor({
    ...context,
    modality: 'audio',
    recipe: { ...MINI_RECIPE.sensors.audio, scenes: SCENES, batch: 32, negatives: 32, schedule: recipe.schedule },
    spec,
    targetsFrom: pictures.hash,
    prepare: async () => ({ targets: await pictures.of(spec), set: await openScenes(spec, 'audio', context) }),
  });
  assertLearned('audio', sound.losses, progress);
});

function assertLearned(stage: string, losses: readonly number[], progress: readonly StageProgress[]): void {
  const mean = (part: readonly number[]): number => part.reduce((sum, loss) => sum + loss, 0) / part.length;
  const [first, last] = [mean(losses.slice(0, 10)), mean(losses.slice(-10))];
  assert.ok(last < first - 0.2, `the loss of ${stage} went from ${first} to ${last}`);
  const recall = progress.findLast((entry) => entry.stage === stage)?.recallAt1 ?? 0;
  assert.ok(recall >= LEAST_RECALL, `recall@1 of ${stage} is ${recall}`);
}
