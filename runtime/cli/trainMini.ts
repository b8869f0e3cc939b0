#!/usr/bin/env node
import os from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import { miniBundleFolder } from '../../models/mini/location';
import { systemClock } from '../clock';
import { type MiniOptions, trainMini } from '../learn/train/mini';
import { MINI_RECIPE } from '../learn/train/miniRecipe';
import { writeTrainingReport } from '../learn/train/report';
import { writeTrainedResults } from '../learn/train/trainedResults';
import { untilInterrupted } from './interrupt';
import { print, reportError } from './output';
import { trainingProgress } from './trainingProgress';
import { parseWhole } from './wholeNumber';

interface TrainMiniFlags {
  readonly work: string;
  readonly out: string;
  readonly report: string;
  readonly threads: string;
  readonly controls?: boolean;
}

const EXAMPLE = `
Trains the small model that is shipped, on the simulated world: image and text together, then sound, depth, thermal
and motion against the frozen image tower; makes the weights int8, and judges them before and after that. Needs no network
and no graphics card: less than two hours on two cores.
Interrupt it when you like: the same command goes on where it was.`;

/** `npm run train:mini`: makes the bundle in models/mini/bundle anew. */
async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('train:mini')
    .description('train the small model of the simulated world')
    .option('--work <folder>', 'scenes and unfinished training: about 6 GB', path.join('.cache', 'train-mini'))
    .option('--out <folder>', 'where the bundle goes', miniBundleFolder())
    .option('--report <folder>', 'where the log and its curves go', path.join(miniBundleFolder(), '..', 'training'))
    .option('--threads <number>', 'of the runtime', String(os.availableParallelism()))
    .option('--controls', 'then train what the model is compared with, for sensebind eval: some hours more')
    .addHelpText('after', EXAMPLE)
    .action((flags: TrainMiniFlags) => untilInterrupted((signal) => train({ ...flags, signal })));
  try {
    await program.parseAsync(argv);
  } catch (error) {
    process.exitCode = reportError(error, { json: false });
  }
}

async function train(flags: TrainMiniFlags & { readonly signal: AbortSignal }): Promise<void> {
  const { work, out, report, controls, signal } = flags;
  const limits = { least: 1, most: os.availableParallelism(), command: 'train:mini' };
  const threads = parseWhole('--threads', flags.threads, limits);
  const folder = path.resolve(work);
  const progress = trainingProgress();
  const options: MiniOptions = {
    recipe: MINI_RECIPE,
    folder,
    bundle: path.resolve(out),
    scenes: { root: path.join(folder, 'scenes'), onProgress: progress.scenes },
    threads,
    clock: systemClock,
    signal,
    onProgress: progress.stage,
  };
  try {
    const trained = await trainMini(options);
    await writeTrainingReport(path.resolve(report), { trained, work: folder });
    await writeTrainedResults(trained, options, { controls: controls === true });
  } finally {
    progress.stop();
  }
  print(`The bundle is in ${out}. What it knows: sensebind eval --bundle ${out}`);
}

void main(process.argv);
