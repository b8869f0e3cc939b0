import os from 'node:os';
import path from 'node:path';
import type { CalibrationSource } from '../../../models/bundle/calibration';
import { quantizeBundle } from '../../../models/bundle/quantizeBundle';
import { systemClock } from '../../clock';
import { generatedInputs } from '../../learn/calibrate/generatedInputs';
import { recordedInputs } from '../../learn/calibrate/recordedInputs';
import { openCheckedBundle } from '../bundle';
import { printJson } from '../output';
import { parseWhole } from '../wholeNumber';
import type { QuantizeFlags } from './quantize';
import { quantizationProgress, reportQuantized } from './quantizeReport';

interface Quantizing extends QuantizeFlags {
  readonly bundle: string;
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** What `sensebind models quantize` does. */
export async function quantize({ bundle: named, folder, json, signal, ...flags }: Quantizing): Promise<void> {
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
