import os from 'node:os';
import { convertToInt8, type Int8ConversionOptions } from '../../../models/bundle/convertToInt8';
import type { QuantizedBundle } from '../../../models/bundle/quantizeBundle';
import type { Overwrite } from '../../../models/bundle/workspace';
import type { StateDict } from '../../../models/checkpoint/stateDict';
import { systemClock } from '../../clock';
import { quantizationProgress } from './quantizeReport';
import { calibrationOf } from './runQuantize';

interface ConversionToInt8 {
  readonly options: Int8ConversionOptions['conversion'];
  readonly output: { readonly outputDirectory: string; readonly overwrite: Overwrite };
  /** A folder of recordings. */
  readonly calibration?: string;
  readonly json?: boolean;
  readonly signal: AbortSignal;
  /** Told when the long first part is over. */
  readonly onConverted: () => void;
}

/** `sensebind models convert --precision int8`: by way of fp32, which int8 is measured against. */
export async function quantizedFrom(
  checkpoint: StateDict,
  { options, output, calibration, json, signal, onConverted }: ConversionToInt8,
): Promise<QuantizedBundle> {
  const progress = quantizationProgress(json === true);
  return convertToInt8(checkpoint, {
    conversion: options,
    quantization: {
      ...output,
      calibration: await calibrationOf(calibration),
      threads: os.availableParallelism(),
      now: () => systemClock.monotonicMicros() / 1000,
      onProgress: (step) => {
        onConverted();
        progress.update(step);
      },
      signal,
    },
  }).finally(progress.stop);
}
