import { AdamW, type AdamWOptions, clipLength } from './adamW';
import { FEEDS } from './contrastiveGraph';
import { diverged, type Feeds, type GradientSession } from './gradientSession';
import type { Slot } from './initialise';
import { learningRate, type Schedule } from './schedule';
import type { TrainingState } from './trainingState';

/** How something is trained; all that decides the result beside the data and the graph. */
export interface Recipe extends AdamWOptions {
  readonly schedule: Schedule;
  /** Gradients are shortened to this length. */
  readonly clip: number;
  readonly batch: number;
  readonly seed: number;
}

export interface FitOptions {
  readonly session: Pick<GradientSession, 'run' | 'gradient'>;
  readonly slots: readonly Slot[];
  readonly recipe: Recipe;
  /** Where to start, or to go on. */
  readonly start: { readonly parameters: Float32Array } | TrainingState;
  /** Inputs of a step beside the parameters. The same step gives the same. */
  readonly feeds: (step: number) => Feeds;
  /** Called after each step. */
  readonly onStep?: (progress: StepProgress) => void | Promise<void>;
  /** Called with what has been learnt every `every` steps, and in the end. */
  readonly checkpoint?: { readonly every: number; readonly write: (state: TrainingState) => Promise<void> };
  /** In milliseconds, from any start. */
  readonly now: () => number;
  /** Heeded between steps; the state is written then. */
  readonly signal?: AbortSignal;
}

export interface StepProgress {
  /** Steps done. */
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  /** What has been learnt so far: changes with the next step. */
  readonly parameters: Float32Array;
  readonly secondsLeft: number;
}

/** The ceiling of a learnt 1 / temperature (reference/imagebind.md §1.3, step 7). */
const LARGEST_LOGARITHM = Math.log(100);

/**
 * Trains until the schedule ends or the signal is heard: AdamW with warm-up, cosine and clipped gradients.
 *
 * Each step blocks the calling thread while the runtime computes: a program of its own, or a worker, should call this.
 *
 * @returns The state, complete when `optimiser.step` equals the schedule's steps.
 * @throws {SensebindError} `TRAINING_DIVERGED` for a loss or gradient that is no number. The last checkpoint is still good.
 */
export async function fit(options: FitOptions): Promise<TrainingState> {
  const { session, slots, recipe, start, feeds, onStep, checkpoint, now, signal } = options;
  const { steps } = recipe.schedule;
  const earlier = 'optimiser' in start ? start : undefined;
  const parameters = start.parameters.slice();
  const optimiser = new AdamW(slots, recipe, earlier?.optimiser);
  const losses = [...(earlier?.losses ?? [])];
  const temperatures = slots.filter(({ name }) => name.endsWith('log_logit_scale'));
  const begun = now();
  const before = earlier?.optimiser.step ?? 0;
  const state = (): TrainingState => ({
    parameters,
    optimiser: optimiser.state,
    losses,
    seconds: (earlier?.seconds ?? 0) + (now() - begun) / 1000,
  });
  for (let step = before; step < steps && signal?.aborted !== true; step++) {
    const loss = await session.run({ ...feeds(step), [FEEDS.parameters]: parameters });
    const length = clipLength(session.gradient, recipe.clip);
    // Before it reaches the parameters, and with them the next checkpoint.
    if (!Number.isFinite(length)) throw diverged(`a gradient of length ${length}`);
    optimiser.update(parameters, session.gradient, { learningRate: learningRate(step, recipe.schedule) });
    for (const { offset } of temperatures) parameters[offset] = Math.min(parameters[offset] ?? 0, LARGEST_LOGARITHM);
    losses.push(loss);
    const secondsLeft = ((now() - begun) / 1000 / (step + 1 - before)) * (steps - step - 1);
    await onStep?.({ step: step + 1, steps, loss, parameters, secondsLeft });
    if (checkpoint !== undefined && (step + 1) % checkpoint.every === 0) await checkpoint.write(state());
  }
  if (checkpoint !== undefined && optimiser.state.step % checkpoint.every !== 0) await checkpoint.write(state());
  return state();
}
