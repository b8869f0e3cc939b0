import { mkdir, readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { systemFailure } from '../../../models/bundle/workspace';
import { lossPlot, recallPlot, type StageCurves } from '../plots/trainingPlots';
import { writeWhole } from '../sceneSetManifest';
import type { TrainedMini } from './mini';
import { type LogLine, logFile } from './stage';

/**
 * Writes what a training left for a person to check: `training.json` (recipe, seeds, machine, seconds), the log of each
 * stage, and its curves.
 *
 * @param options.work - Folder of the training, where the stages wrote their logs.
 * @throws {SensebindError} `DISK_FULL`, `FILE_UNWRITABLE`
 */
export async function writeTrainingReport(folder: string, options: ReportOptions): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await writeReport(folder, options);
  } catch (error) {
    throw systemFailure(error, folder);
  }
}

interface ReportOptions {
  readonly trained: TrainedMini;
  readonly work: string;
}

async function writeReport(folder: string, { trained, work }: ReportOptions): Promise<void> {
  const write = (name: string, content: string): Promise<void> => writeWhole(path.join(folder, name), content);
  const curves: StageCurves[] = [];
  for (const stage of trained.stages) {
    const log = logFile(work, stage.name);
    await write(path.basename(log), await readFile(log, 'utf8'));
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
  await write('training.json', `${JSON.stringify(training, null, 2)}\n`);
  await write('loss.svg', lossPlot(curves));
  await write('recall.svg', recallPlot(curves));
}

/** The last word of a log about each step. A line that a crash or a full disk cut off says nothing; its step comes again. */
export async function recallsOf(log: string): Promise<StageCurves['recalls']> {
  const lines = (await readFile(log, 'utf8')).split('\n');
  const bySteps = new Map<number, LogLine>();
  for (const line of lines.filter(isWhole)) {
    const entry: LogLine = JSON.parse(line);
    bySteps.set(entry.step, entry);
  }
  return [...bySteps.values()].sort((a, b) => a.step - b.step);
}

function isWhole(line: string): boolean {
  return line.startsWith('{') && line.endsWith('}') && line.indexOf('{', 1) < 0;
}
