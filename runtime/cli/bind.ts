import os from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import { type Bundle, openBundle } from '../../models/bundle/bundle';
import { systemClock } from '../clock';
import { parseDuration } from '../config/duration';
import type { BindingRecord } from '../learn/bind/bindingRecord';
import { type Binding, bindSensor } from '../learn/bind/bindSensor';
import type { Preparation } from '../learn/bind/preparePairs';
import { BUNDLE_HELP, type BundleOptions, openNamedBundle } from './bundle';
import { untilInterrupted } from './interrupt';
import { print, printJson, printNote, UsageError } from './output';
import { startCounting } from './progress';
import { trainingProgress } from './trainingProgress';
import { parseWhole } from './wholeNumber';

interface BindFlags extends BundleOptions {
  readonly recording: readonly string[];
  readonly source: string;
  readonly anchor: string;
  readonly modality?: string;
  readonly anchorModality?: string;
  readonly out?: string;
  readonly into?: string;
  readonly force?: boolean;
  readonly steps: string;
  readonly seed: string;
  readonly batch: string;
  readonly width: string;
  readonly blocks: string;
  readonly tolerance: string;
  readonly every: string;
  readonly window: string;
  readonly work?: string;
  readonly threads: string;
}

const EXAMPLES = `
Each reading of the anchor is paired with what the new sensor read nearest in time; a small encoder of the sensor then
learns to give the embedding that the frozen encoder gives to the anchor. No label is needed: the new encoder understands
words because the anchor does. Thousands of pairs of different moments are good, hundreds are few. The last tenth of each
recording is never learnt from: how many of its readings find their partner is printed at the end.

Binds range profiles (radar), motion, depth, thermal and colour pictures, and sound. Interrupt it when you like: the same
command goes on where it was.

Examples:
  sensebind record config.yaml --out ./recording --for 1h
  sensebind bind --recording ./recording --source radar0 --anchor camera0 --out ./bundle-radar
  sensebind bind --recording ./monday ./tuesday --source imu3 --anchor camera0 --modality gearbox --into ./bundle

Without any hardware:
  sensebind simulate --pairs vision,radar --scenes 12000 --recording ./pairs
  sensebind bind --recording ./pairs --source radar0 --anchor camera0 --out ./bundle-radar
  sensebind eval --bundle ./bundle-radar`;

const MOST_STEPS = 1_000_000;
const MOST_BATCH = 1024;
const MOST_WIDTH = 1024;
const MOST_BLOCKS = 24;
const MOST_SEED = 2 ** 32 - 1;
const MOST_WINDOW_SECONDS = 60;

/** `sensebind bind`: a sensor of one's own gets an encoder, by a recording of what it and a camera read. */
export function registerBind(program: Command): void {
  program
    .command('bind')
    .description('bind a new sensor to an encoder of a bundle, by a recording of both')
    .option('--bundle <folder>', BUNDLE_HELP)
    .requiredOption('--recording <paths...>', 'recordings in which both sources stand')
    .requiredOption('--source <id>', 'the new sensor, as replay --info lists it')
    .requiredOption('--anchor <id>', 'the source that the bundle has an encoder for, such as camera0')
    .option('--modality <name>', 'what the new encoder is called; default: the modality of the readings')
    .option('--anchor-modality <name>', 'encoder that reads the anchor; default: the modality of its readings')
    .option('--out <folder>', 'new bundle with all encoders of --bundle and the new one')
    .option('--into <folder>', 'in place of --out: add the encoder to this bundle, of the same space')
    .option('--force', 'replace a bundle at --out, or an encoder of that name')
    .option('--steps <number>', 'how long to train', '3000')
    .option('--seed <number>', 'of everything that is drawn by chance', '1')
    .option('--batch <number>', 'pairs a step', '64')
    .option('--width <number>', 'of the encoder, a multiple of 32', '128')
    .option('--blocks <number>', 'of the encoder', '4')
    .option('--tolerance <duration>', 'the most that two readings of a pair may lie apart', '100ms')
    .option('--every <duration>', 'leave out readings that come sooner after a pair', '0s')
    .option('--window <seconds>', 'motion in one input of the encoder', '5')
    .option('--work <folder>', 'unfinished training; default: beside the bundle that is written')
    .option('--threads <number>', 'of the runtime', String(os.availableParallelism()))
    .option('--json', 'answer as JSON')
    .addHelpText('after', EXAMPLES)
    .action((flags: BindFlags) => untilInterrupted((signal) => run({ ...flags, signal })));
}

async function run(flags: BindFlags & { readonly signal: AbortSignal }): Promise<void> {
  const { recording, source, anchor, signal } = flags;
  const whole = (name: keyof BindFlags & string, limits: { readonly least: number; readonly most: number }): number =>
    parseWhole(`--${name}`, String(flags[name]), { ...limits, command: 'bind' });
  const numbers = {
    steps: whole('steps', { least: 1, most: MOST_STEPS }),
    seed: whole('seed', { least: 0, most: MOST_SEED }),
    batch: whole('batch', { least: 2, most: MOST_BATCH }),
    threads: whole('threads', { least: 1, most: os.availableParallelism() }),
    windowSeconds: whole('window', { least: 1, most: MOST_WINDOW_SECONDS }),
    toleranceMicros: parseMicros('--tolerance', flags.tolerance),
    everyMicros: parseMicros('--every', flags.every),
    tower: {
      width: whole('width', { least: 32, most: MOST_WIDTH }),
      blocks: whole('blocks', { least: 1, most: MOST_BLOCKS }),
    },
  };
  const folder = outputFolder(flags);
  const bundle = await openNamedBundle(flags);
  const into = flags.into === undefined ? undefined : await openBundle(folder);
  const force = flags.force === true;
  const progress = startBinding(flags);
  const binding = await bindSensor({
    ...numbers,
    bundle,
    recordings: recording.map((one) => path.resolve(one)),
    sources: { anchor, sensor: source },
    modality: flags.modality,
    anchorModality: flags.anchorModality,
    output: { into, folder, overwrite: into !== undefined || force ? 'replace' : 'refuse', replaceEncoder: force },
    folder: path.resolve(flags.work ?? `${folder}.binding`),
    clock: systemClock,
    signal,
    ...progress,
  }).finally(() => progress.stop());
  if (flags.json) return printJson({ bundle: folder, ...binding.record });
  show(binding, { folder, into });
}

function outputFolder({ out, into }: BindFlags): string {
  const named = out ?? into;
  if (named !== undefined && (out === undefined || into === undefined)) return path.resolve(named);
  throw new UsageError(
    `expected one of --out and --into, found ${named === undefined ? 'neither' : 'both'}`,
    'Name a new folder with --out, or a bundle that gets the encoder with --into.',
  );
}

function parseMicros(name: string, text: string): number {
  const millis = parseDuration(text);
  if (millis !== undefined) return millis * 1000;
  throw new UsageError(
    `expected ${name} with a duration such as 100ms, found ${text}`,
    'Write a number and ms, s, min or h.',
  );
}

interface BindingProgress {
  readonly onPrepared: (progress: Preparation) => void;
  readonly onProgress: ReturnType<typeof trainingProgress>['stage'];
  readonly stop: () => void;
}

function startBinding({ json }: BundleOptions): BindingProgress {
  const preparing = startCounting({ json: json === true, unit: 'readings' });
  let training: ReturnType<typeof trainingProgress> | undefined;
  return {
    // How many readings there are is known when they were read.
    onPrepared: ({ step, done, of }) => {
      if (of !== undefined) preparing.update({ step, done, total: of });
    },
    onProgress: (progress) => {
      if (json) return;
      preparing.stop();
      training ??= trainingProgress();
      training.stage(progress);
    },
    stop: () => {
      preparing.stop();
      training?.stop();
    },
  };
}

function show(
  { record }: Binding,
  { folder, into }: { readonly folder: string; readonly into: Bundle | undefined },
): void {
  const { modality, anchor, pairs, damaged, recallAt1, seconds } = record;
  print(`${modality} is bound to ${anchor.modality}: ${pairsLine(pairs)}`);
  print(
    `R@1 ${(100 * recallAt1.share).toFixed(1)} % among ${recallAt1.among} held-back pairs (chance ${(100 / recallAt1.among).toFixed(1)} %), after ${seconds} s of training`,
  );
  print(
    `${into === undefined ? 'The new bundle' : 'The bundle'} is ${folder}; how it was bound stands in bound-${modality}.json there.`,
  );
  if (damaged > 0)
    printNote(`note: ${damaged} places in the recordings could not be read; the readings around them count`);
  if (pairs.unusable > 0)
    printNote(`note: ${pairs.unusable} pairs were left out: an encoder does not take one of their readings`);
}

function pairsLine({
  anchorReadings,
  learnt,
  heldBack,
  withoutPartner,
  sharedPartner,
  tooSoon,
}: BindingRecord['pairs']): string {
  const left = [
    [withoutPartner, 'had no partner'],
    [sharedPartner, 'shared one'],
    [tooSoon, 'came too soon'],
  ] as const;
  return [
    `${learnt} pairs learnt and ${heldBack} held back of ${anchorReadings} readings`,
    ...left.filter(([count]) => count > 0).map(([count, why]) => `${count} ${why}`),
  ].join(', ');
}
