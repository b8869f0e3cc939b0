import { createHash } from 'node:crypto';
import { appendFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { systemFailure } from '../../../models/bundle/workspace';
import type { TensorLayout } from '../../../models/imagebind/layout';
import type { Graph } from '../../../models/onnx/graph';
import { fit, type StepProgress } from '../../../models/training/fit';
import { type Feeds, GradientSession } from '../../../models/training/gradientSession';
import { initialParameters, slotsOf } from '../../../models/training/initialise';
import { readTrainingState, type TrainingState, writeTrainingState } from '../../../models/training/trainingState';
import type { Clock } from '../../clock';
import { dot } from '../../inference/vectors';
import { rowsOf } from '../evaluate/rows';
import type { StageRecipe } from './miniRecipe';

/** What every stage of a training is run with. */
export interface TrainingContext {
  /** States lie here: a stage goes on where it was interrupted. */
  readonly folder: string;
  readonly threads: number;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress: (progress: StageProgress) => void;
}

export interface StageProgress extends StepProgress {
  readonly stage: string;
  /** Share of the held-back examples whose partner is nearest, where it was measured after this step. */
  readonly recallAt1?: number | undefined;
}

export interface Stage {
  /** Name of the state's file too. */
  readonly name: string;
  readonly layout: readonly TensorLayout[];
  readonly recipe: StageRecipe;
  /** What else decides the result: kind of scenes, frozen tower. */
  readonly depends: unknown;
  /** Reads what training needs: not asked for when the stage is done already. */
  readonly prepare: () => Promise<PreparedStage>;
}

export interface PreparedStage {
  readonly graph: Graph;
  readonly feeds: (step: number) => Feeds;
  /** Measured every {@link RECALL_STEPS} steps. */
  readonly recallAt1: (parameters: Float32Array) => Promise<number>;
  readonly release: () => Promise<void>;
}

/** Steps between two states on disk: half a minute of work or so. */
const CHECKPOINT_STEPS = 250;
const RECALL_STEPS = 250;

/**
 * Trains a stage to its end, or until the signal is heard; goes on from the state that lies in the folder.
 *
 * @returns The state, of fewer steps than the schedule has where the signal was heard.
 * @throws {SensebindError} `TRAINING_DIVERGED`, `TRAINING_STATE_INVALID`, `DISK_FULL`, `FILE_UNWRITABLE`; what `prepare`
 * throws.
 */
export async function trainStage(stage: Stage, context: TrainingContext): Promise<TrainingState> {
  const { folder } = context;
  try {
    await mkdir(folder, { recursive: true });
    return await trainIn(folder, stage, context);
  } catch (error) {
    throw systemFailure(error, folder);
  }
}

async function trainIn(folder: string, stage: Stage, context: TrainingContext): Promise<TrainingState> {
  const { name, layout, recipe, depends } = stage;
  const { threads, clock, signal, onProgress } = context;
  const file = path.join(folder, `${name}.state`);
  const log = logFile(folder, name);
  const fingerprint = fingerprintOf({ layout, recipe, depends });
  const earlier = await readTrainingState(file, fingerprint);
  if (earlier !== undefined && earlier.optimiser.step >= recipe.schedule.steps) return earlier;
  const prepared = await stage.prepare();
  const session = await GradientSession.create(prepared.graph, { threads });
  try {
    return await fit({
      session,
      slots: slotsOf(layout),
      recipe,
      start: earlier ?? { parameters: initialParameters(layout, { seed: recipe.seed }) },
      feeds: prepared.feeds,
      checkpoint: { every: CHECKPOINT_STEPS, write: (state) => writeTrainingState(file, state, fingerprint) },
      onStep: async (progress) => {
        const measured = progress.step % RECALL_STEPS === 0 || progress.step === progress.steps;
        const recallAt1 = measured ? await prepared.recallAt1(progress.parameters) : undefined;
        if (recallAt1 !== undefined) await appendFile(log, logLine({ ...progress, recallAt1 }, clock));
        onProgress({ ...progress, stage: name, recallAt1 });
      },
      now: () => clock.monotonicMicros() / 1000,
      ...(signal === undefined ? {} : { signal }),
    });
  } finally {
    await session.release();
    await prepared.release();
  }
}

/** Where a stage writes a line for every time that recall was measured; after an interruption some stand there twice. */
export function logFile(folder: string, name: string): string {
  return path.join(folder, `${name}.log.jsonl`);
}

/** A line of a stage's log. */
export interface LogLine {
  readonly at: string;
  readonly step: number;
  readonly loss: number;
  readonly recallAt1: number;
}

function logLine({ step, loss, recallAt1 }: StepProgress & { readonly recallAt1: number }, clock: Clock): string {
  const line: LogLine = { at: new Date(clock.epochMicros() / 1000).toISOString(), step, loss, recallAt1 };
  return `${JSON.stringify(line)}\n`;
}

function fingerprintOf(all: unknown): string {
  return createHash('sha256').update(JSON.stringify(all)).digest('hex');
}

/** Share of rows whose partner, the row of the same number, is nearest among all. Unit vectors. */
export function recallAt1(left: Float32Array, right: Float32Array, dimensions: number): number {
  const partners = rowsOf(right, dimensions);
  const rows = rowsOf(left, dimensions);
  const hits = rows.filter((row, own) => {
    const cosines = partners.map((partner) => dot(row, partner));
    return cosines.indexOf(Math.max(...cosines)) === own;
  });
  return hits.length / rows.length;
}
