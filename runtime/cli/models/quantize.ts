import os from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import type { CalibrationSource } from '../../../models/bundle/calibration';
import { quantizeBundle } from '../../../models/bundle/quantizeBundle';
import { systemClock } from '../../clock';
import { generatedInputs } from '../../learn/calibrate/generatedInputs';
import { recordedInputs } from '../../learn/calibrate/recordedInputs';
import { openCheckedBundle } from '../bundle';
import { untilInterrupted } from '../interrupt';
import { type OutputOptions, printJson } from '../output';
import { parseWhole } from '../wholeNumber';
import { quantizationProgress, reportQuantized } from './quantizeReport';

interface QuantizeFlags extends OutputOptions {
  readonly modalities?: string;
  readonly calibration?: string;
  readonly threads: string;
  readonly force?: boolean;
}

const EXAMPLES = `
Makes encoders a quarter of their size and, on most processors, two to three times as fast. Each is run on some inputs
first, so that outliers are evened out; half of the inputs are held back, and the cosine that is printed says how well the
int8 encoder agrees with the other one on those. Where it would fall below 0.99, the layers that were measured to do the
most harm stay as they were, and at worst the whole encoder does.

Without --calibration the inputs are generated from the simulated world. Recordings of your own sensors are better: they
are what the encoder will see. "time" is measured here and now: how many times as fast it runs on this machine.

Examples:
  sensebind models quantize ./bundle ./bundle-int8
  sensebind models quantize ./bundle ./bundle-int8 --modalities audio,imu,text --calibration ./recordings
  sensebind models quantize mini ./mini-int8`;

/** `sensebind models quantize`: the encoders of a bundle in int8. */
export function registerQuantize(models: Command): void {
  models
    .command('quantize')
    .description('make a bundle whose encoders are int8: smaller, faster, and measured against the original')
    .argument('<bundle>', 'bundle in fp32 or fp16; it stays as it is')
    .argument('<folder>', 'where the new bundle goes')
    .option('--modalities <list>', 'encoders to turn into int8; all by default, others are taken over as they are')
    .option('--calibration <folder>', 'a recording of your sensors, or a folder of recordings')
    .option('--threads <number>', 'of the runtime', String(os.availableParallelism()))
    .option('--force', 'replace a bundle that is already there')
    .option('--json', 'print the figures and the manifest as JSON')
    .addHelpText('after', EXAMPLES)
    .action((bundle: string, folder: string, flags: QuantizeFlags) =>
      untilInterrupted((signal) => quantize({ ...flags, bundle, folder, signal })),
    );
}

interface Quantizing extends QuantizeFlags {
  readonly bundle: string;
  readonly folder: string;
  readonly signal: AbortSignal;
}

async function quantize({ bundle: named, folder, json, signal, ...flags }: Quantizing): Promise<void> {
  const most = os.availableParallelism();
  const threads = parseWhole('--threads', flags.threads, { least: 1, most, command: 'models quantize' });
  const calibration = await calibrationOf(flags.calibration);
  const bundle = await openCheckedBundle({ bundle: named, ...(json === undefined ? {} : { json }) });
  const progress = quantizationProgress(json === true);
  const quantized = await quantizeBundle(bundle, {
    outputDirectory: folder,
    modalities: flags.modalities?.split(',').map((name) => name.trim()),
    calibration,
    threads,
    overwrite: flags.force === true ? 'replace' : 'refuse',
    now: () => systemClock.monotonicMicros() / 1000,
    onProgress: progress.update,
    signal,
  }).finally(progress.stop);
  if (json) printJson({ folder: path.resolve(folder), ...quantized });
  else reportQuantized(quantized, folder);
}

/** Recordings where a folder is named, else what the simulated world has. */
export async function calibrationOf(folder: string | undefined): Promise<CalibrationSource> {
  return folder === undefined ? generatedInputs : recordedInputs(folder, { clock: systemClock });
}
