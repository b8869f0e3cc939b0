import { floatingPointOperations } from '../../../models/imagebind/cost';
import { MODALITIES } from '../../../models/imagebind/modality';
import { isSensebindError } from '../../errors';
import { type EncoderNeeds, estimateEncoder } from '../../inference/plan/estimate';
import { measureMachine } from '../../inference/plan/machineRate';
import { type MeasureOptions, measureEncoder } from '../../inference/plan/measure';
import type { EncoderSetup } from '../../inference/protocol';

export interface NeedsOptions extends MeasureOptions {
  /** Of the bundle. */
  readonly variant: string;
  readonly parameters: number;
  /** Told why an encoder is estimated. */
  readonly onEstimate: (modality: string, reason: string) => void;
}

/**
 * What an encoder takes on this machine: measured. Where the process that measures is ended, as the kernel does when memory
 * is short, and the encoder is one of the published model, it is estimated from its size: a plan is wanted most where
 * encoders do not fit.
 *
 * @throws {SensebindError} what {@link measureEncoder} and {@link measureMachine} throw.
 */
export async function needsOf(setup: EncoderSetup, options: NeedsOptions): Promise<EncoderNeeds> {
  try {
    return await measureEncoder(setup, options);
  } catch (error) {
    const modality = MODALITIES.find((one) => one === setup.modality);
    const isPublished = modality !== undefined && options.variant === 'imagebind_huge';
    if (!isPublished || !isSensebindError(error, 'PROGRAM_FAILED')) throw error;
    options.onEstimate(modality, error.message);
    const { parameters, threads, runtimeModule, signal } = options;
    const machine = await measureMachine({
      threads,
      ...(runtimeModule === undefined ? {} : { runtimeModule }),
      ...(signal === undefined ? {} : { signal }),
    });
    const size = { parameters, operations: floatingPointOperations(modality), precision: setup.precision };
    return { ...estimateEncoder(size, machine), fileBytes: setup.fileBytes };
  }
}
