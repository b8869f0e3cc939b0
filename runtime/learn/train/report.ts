import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { lossPlot, recallPlot, type StageCurves } from '../plots/trainingPlots';
import type { TrainedMini } from './mini';
import { type LogLine, logFile } from './stage';

/**
 * Writes what a training left for a person to check: `training.json` (recipe, seeds, machine, seconds), the log of each
 * stage, and its curves.
 *
 * @param work - Folder of the training, where the stages wrote their logs.
 */
export async function writeTrainingReport(
  folder: string,
  { trained, work }: { readonly trained: TrainedMini; readonly work: string },
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const curves: StageCurves[] = [];
  for (const stage of trained.stages) {
    const log = logFile(work, stage.name);
    await copyFile(log, path.join(folder, path.basename(log)));
    curves.push({ ...stage, recalls: await recallsOf(log) });
  }
  const { recipe, bundleHash } = trained;
  const [processor] = os.cpus();
  const training = {
    recipe,
    bundleHash,
    machine: { processor: processor?.model ?? 'unknown', threads: os.availableParallelism(), node: process.version },
    stages: trained.stages.map(({ name, seconds, losses }) => ({
      name,
      seconds: Math.round(seconds),
      steps: losses.length,
    })),
  };
  await writeFile(path.join(folder, 'training.json'), `${JSON.stringify(training, null, 2)}\n`);
  await writeFile(path.join(folder, 'loss.svg'), lossPlot(curves));
  await writeFile(path.join(folder, 'recall.svg'), recallPlot(curves));
}

/** The last word of a log about each step. */
export async function recallsOf(log: string): Promise<StageCurves['recalls']> {
  const lines = (await readFile(log, 'utf8')).split('\n').filter((line) => line !== '');
  const bySteps = new Map<number, LogLine>();
  for (const line of lines) {
    const entry: LogLine = JSON.parse(line);
    bySteps.set(entry.step, entry);
  }
  return [...bySteps.values()].sort((a, b) => a.step - b.step);
}
