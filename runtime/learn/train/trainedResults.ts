import { readResults, type TrainingResults, writeResults } from '../evaluate/results';
import { JUDGED, trainControls } from './controls';
import { judgePrecisions } from './judgePrecisions';
import type { MiniOptions, TrainedMini } from './mini';
import { BOUND_MODALITIES, type MiniRecipe } from './miniRecipe';

/**
 * Judges a model that was trained, and writes the figures beside its bundle; those of this very bundle that lie there
 * already stay.
 *
 * @param wanted.controls - Whether to train and judge what it is compared with, too: some hours.
 * @throws {SensebindError} What {@link judgePrecisions}, {@link trainControls} and {@link writeResults} throw.
 */
export async function writeTrainedResults(
  trained: TrainedMini,
  options: MiniOptions,
  { controls }: { readonly controls: boolean },
): Promise<void> {
  const { bundle } = options;
  const stored = await readResults(bundle, trained.bundleHash);
  const before = stored.status === 'stored' ? stored.results : undefined;
  const results: TrainingResults = {
    format: 'sensebind-results/1',
    bundle: trained.bundleHash,
    towers: Object.fromEntries(trained.stages.flatMap((stage) => towersOf(stage, options.recipe))),
    judged: { ...JUDGED },
    precisions: before?.precisions ?? (await judgePrecisions(trained, options)),
    runs: before?.runs ?? [],
  };
  // Minutes of work, before the hours of the controls.
  await writeResults(bundle, results);
  if (controls) await writeResults(bundle, { ...results, runs: [...(await trainControls(trained.anchor, options))] });
}

type TowerEntry = readonly [modality: string, { seed: number; steps: number; scenes: number; seconds: number }];

/** The anchor is two towers. */
function towersOf({ name, losses, seconds }: TrainedMini['stages'][number], recipe: MiniRecipe): readonly TowerEntry[] {
  const sensor = BOUND_MODALITIES.find((modality) => modality === name);
  const { seed, scenes } = sensor === undefined ? recipe.anchor : recipe.sensors[sensor];
  const entry = { seed, steps: losses.length, scenes, seconds };
  return sensor === undefined
    ? [
        ['vision', entry],
        ['text', entry],
      ]
    : [[sensor, entry]];
}
