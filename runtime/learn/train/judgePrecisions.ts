import path from 'node:path';
import { openBundle } from '../../../models/bundle/bundle';
import { evaluate } from '../evaluate/evaluate';
import { judgedBundle, type Precisions } from '../evaluate/precisions';
import type { EvaluationReport } from '../evaluate/report';
import { JUDGED } from './controls';
import type { MiniOptions, TrainedMini } from './mini';

/** The new scenes are those that the controls are judged on. */
const SCENES = { seed: JUDGED.seed, scenes: JUDGED.new } as const;

/**
 * Judges the bundle that is shipped, and the one in float32 that it was made of, on the same scenes.
 *
 * @throws {SensebindError} What {@link openBundle} and {@link evaluate} throw.
 */
export async function judgePrecisions(trained: TrainedMini, options: MiniOptions): Promise<Precisions> {
  const { seed, scenes } = SCENES;
  return {
    judged: { seed, new: scenes, held: scenes },
    floatingPoint: judgedBundle(await judge(trained.floatingPoint, options)),
    shipped: judgedBundle(await judge(options.bundle, options)),
  };
}

async function judge(
  directory: string,
  { folder, threads, signal, clock, scenes: { onProgress } }: MiniOptions,
): Promise<EvaluationReport> {
  const bundle = await openBundle(directory, { stateDirectory: path.join(folder, 'checked') });
  const startMicros = clock.monotonicMicros();
  return evaluate(bundle, {
    ...SCENES,
    workers: threads,
    signal,
    onProgress: ({ scenes, of }) => {
      const seconds = (clock.monotonicMicros() - startMicros) / 1e6;
      onProgress?.({ scenes, of, scenesPerSecond: scenes / Math.max(seconds, 1e-3) });
    },
  });
}
