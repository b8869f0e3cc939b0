import { readdir, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { addEncoder, checkAddable } from '../../../models/bundle/addEncoder';
import type { Bundle } from '../../../models/bundle/bundle';
import type { Manifest } from '../../../models/bundle/manifest';
import { type Overwrite, requireReplaceable } from '../../../models/bundle/workspace';
import { MemoryStateDict } from '../../../models/checkpoint/memoryStateDict';
import type { StateDict } from '../../../models/checkpoint/stateDict';
import { bindingTrainingGraph, learntEncoder, learntLayout } from '../../../models/training/contrastiveGraph';
import { LearntSession } from '../../../models/training/gradientSession';
import { slotsOf } from '../../../models/training/initialise';
import type { TrainingState } from '../../../models/training/trainingState';
import { encoderHash } from '../../inference/encoderHash';
import type { Modality } from '../../reading';
import type { SensorRecipe } from '../train/miniRecipe';
import { recallsOf } from '../train/report';
import { logFile, recallAt1, type TrainingContext, trainStage } from '../train/stage';
import { BindingBatches } from './bindingBatches';
import type { BindingRecord } from './bindingRecord';
import { type Anchor, anchorOf, type PreparedPairs, type PreparePairsOptions, preparePairs } from './preparePairs';
import { factsOf } from './sensorFacts';
import { type SensorTower, sensorTower, type TowerSize } from './sensorTower';
import { surveyRecordings } from './tracks';

export interface BindOptions extends TrainingContext, PreparePairsOptions {
  /** What the new encoder is called. Default: the modality of the readings. */
  readonly modality?: string | undefined;
  /** Encoder that reads the anchor's side. Default: the modality of its readings. */
  readonly anchorModality?: Modality | undefined;
  readonly output: {
    /** The bundle that gets the encoder beside all that it has; of the same space. Default: {@link bundle}. */
    readonly into?: Bundle | undefined;
    readonly folder: string;
    readonly overwrite: Overwrite;
    readonly replaceEncoder?: boolean;
  };
  readonly tower: TowerSize;
  readonly steps: number;
  readonly seed: number;
  /** Of one input of a motion sensor. */
  readonly windowSeconds: number;
}

export interface Binding {
  readonly manifest: Manifest;
  readonly record: BindingRecord;
}

/** Held-back pairs that recall is measured among. */
const RECALL_AMONG = 256;
const MOST_NEGATIVES = 512;
const PEAK_RATE = 1e-3;
const WARM_UP_STEPS = 100;
/** Of normalised items. */
const NOISE = 0.02;

/**
 * Binds a sensor to a frozen encoder of a bundle: pairs what both read at the same time, trains a small tower by InfoNCE
 * against the frozen encoder's embeddings (arXiv 2305.05665, section 3.2), and writes a bundle with one encoder more.
 *
 * Goes on where it was interrupted: the state of the training lies in `folder` until the bundle is written. Each step
 * blocks the calling thread.
 *
 * @throws {SensebindError} `INPUT_INVALID` for too few pairs, a source that is not there, readings that are all the same;
 * `MODALITY_UNKNOWN` for a bundle without the anchor's encoder; `SPACE_MISMATCH` for another space; `OUTPUT_EXISTS`;
 * `TRAINING_DIVERGED`, `TRAINING_STATE_INVALID`; what recordings, the engine and files throw. The reason of the signal.
 */
export async function bindSensor(options: BindOptions): Promise<Binding> {
  const { bundle, output, recordings, sources, signal } = options;
  const target = output.into ?? bundle;
  const space = bundle.manifest.space;
  // Before recordings of gigabytes are read.
  await requireReplaceable(path.resolve(output.folder), output.overwrite);
  let read = 0;
  const survey = await surveyRecordings(recordings, sources, {
    signal,
    onRead: () => options.onPrepared?.({ step: 'read', done: ++read }),
  });
  const modality = options.modality ?? survey.modalities.sensor;
  checkAddable(target.manifest, { modality, space }, output);
  const anchor = anchorOf(bundle.manifest, options.anchorModality ?? survey.modalities.anchor);
  const facts = factsOf(survey, { windowSeconds: options.windowSeconds });
  const { dimensions } = bundle.manifest;
  const tower = await sensorTower(facts, { name: modality, size: options.tower, dimensions });
  const prepared = await preparePairs(options, { survey, anchor, tower, modality });
  const state = await train(options, { tower, modality, anchor, ...prepared });
  signal?.throwIfAborted();
  const weights = weightsOf(tower, state.parameters);
  const plan = await tower.planOf(weights);
  const { damaged } = survey;
  const record = await recordOf(options, { modality, anchor, tower, state, damaged, ...prepared });
  // int8 comes by measuring a finished encoder: "sensebind models quantize" makes it of this one as of any other.
  const precision = anchor.manifest.precision === 'fp32' ? 'fp32' : 'fp16';
  const manifest = await addEncoder(
    target,
    { modality, plan, weights, precision, space, record },
    { outputDirectory: output.folder, signal, ...output },
  );
  await removeTraining(options.folder, modality);
  return { manifest, record };
}

/** What is worth keeping stands in the record of the bundle now. */
async function removeTraining(folder: string, modality: string): Promise<void> {
  await rm(path.join(folder, `${modality}.state`), { force: true });
  await rm(logFile(folder, modality), { force: true });
  if ((await readdir(folder)).length === 0) await rmdir(folder);
}

function recipeOf({ steps, seed, batch }: BindOptions, learnt: number): SensorRecipe {
  return {
    beta1: 0.9,
    beta2: 0.98,
    weightDecay: 0.1,
    clip: 1,
    batch,
    seed,
    scenes: learnt,
    noise: NOISE,
    negatives: Math.min(MOST_NEGATIVES, learnt),
    schedule: { peak: PEAK_RATE, warmUpSteps: Math.min(WARM_UP_STEPS, Math.ceil(steps / 10)), steps },
  };
}

interface Training extends PreparedPairs {
  readonly tower: SensorTower;
  readonly modality: string;
  readonly anchor: Anchor;
}

async function train(
  options: BindOptions,
  { tower, modality, anchor, recordings, examples, split, counts }: Training,
): Promise<TrainingState & { readonly recall: BindingRecord['recallAt1'] }> {
  const { sources, toleranceMicros, everyMicros, threads, bundle } = options;
  const { plan, augmentation } = tower;
  const recipe = recipeOf(options, split.learnt.length);
  const batches = new BindingBatches({ examples, learnt: split.learnt, plan, augmentation, recipe });
  const judged = spread(split.heldBack, RECALL_AMONG);
  const held = batches.asTheyAre(judged);
  const encoder = await LearntSession.create(learntEncoder(plan), { threads });
  const recallOf = async (parameters: Float32Array): Promise<number> =>
    recallAt1(await encoder.embed(parameters, held.items), held.targets, plan.dimensions);
  try {
    const state = await trainStage(
      {
        name: modality,
        layout: learntLayout(plan),
        recipe,
        depends: {
          recordings,
          sources,
          counts,
          toleranceMicros,
          everyMicros,
          input: plan.input,
          space: bundle.manifest.space,
          anchor: [anchor.modality, encoderHash(anchor.manifest)],
        },
        prepare: async () => ({
          graph: bindingTrainingGraph(plan, { batch: recipe.batch, negatives: recipe.negatives }),
          feeds: (step) => batches.feeds(step),
          recallAt1: recallOf,
          // The encoder is needed once more, for the last figure.
          release: async () => undefined,
        }),
      },
      options,
    );
    return { ...state, recall: { share: await recallOf(state.parameters), among: judged.length } };
  } finally {
    await encoder.release();
  }
}

function weightsOf({ plan }: SensorTower, parameters: Float32Array): StateDict {
  return new MemoryStateDict(
    slotsOf(learntLayout(plan)).map(({ name, shape, offset, length }) => ({
      name,
      shape,
      numbers: parameters.subarray(offset, offset + length),
    })),
  );
}

async function recordOf(
  { bundle, folder, sources, tower: size, steps, batch, seed, toleranceMicros, everyMicros }: BindOptions,
  {
    modality,
    anchor,
    tower,
    state,
    recordings,
    counts,
    examples,
    split,
    damaged,
  }: Training & { readonly damaged: number; readonly state: Awaited<ReturnType<typeof train>> },
): Promise<BindingRecord> {
  return {
    format: 'sensebind-binding/1',
    modality,
    space: bundle.manifest.space,
    source: sources.sensor,
    anchor: { source: sources.anchor, modality: anchor.modality, encoder: encoderHash(anchor.manifest) },
    recordings,
    damaged,
    pairing: { toleranceMicros, everyMicros },
    pairs: {
      ...counts,
      unusable: counts.pairs - examples.pairs.length,
      learnt: split.learnt.length,
      heldBack: split.heldBack.length,
    },
    tower: { ...size, parameters: tower.plan.parameters },
    steps,
    batch,
    seed,
    loss: { first: state.losses[0] ?? 0, last: state.losses.at(-1) ?? 0 },
    recallAt1: state.recall,
    curve: (await recallsOf(logFile(folder, modality))).map((at) => ({
      step: at.step,
      loss: state.losses[at.step - 1] ?? 0,
      recallAt1: at.recallAt1,
    })),
    seconds: Math.round(state.seconds),
  };
}

/** Some of a list, evenly from its beginning to its end. */
function spread(list: readonly number[], most: number): readonly number[] {
  const step = Math.max(1, list.length / most);
  return Array.from({ length: Math.min(most, list.length) }, (_, index) => list[Math.floor(index * step)] ?? 0);
}
