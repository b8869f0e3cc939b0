import { floatingPointOperations, parameterCount } from '../../../models/imagebind/cost';
import { MODALITIES } from '../../../models/imagebind/modality';
import { isSensebindError, messageOf } from '../../errors';
import type { EncoderSetup } from '../protocol';
import { type EncoderNeeds, estimateEncoder, type MachineRate, parametersIn } from './estimate';
import { type MeasureOptions, measureEncoder } from './measure';

export interface MeasureOrEstimateOptions extends MeasureOptions {
  /** Asked only for encoders that cannot be measured. */
  readonly machineRate: () => Promise<MachineRate>;
  /** Told why an encoder was not measured. */
  readonly onEstimate: (modality: string, reason: string) => void;
}

/**
 * What an encoder takes: measured, else estimated where the process that measures is ended, as the kernel does when memory
 * is short. An estimate is not kept: the next time it is measured.
 *
 * @throws {SensebindError} what {@link measureEncoder} throws but `PROGRAM_FAILED`; what `machineRate` throws.
 */
export async function measureOrEstimate(
  setup: EncoderSetup,
  { machineRate, onEstimate, ...options }: MeasureOrEstimateOptions,
): Promise<EncoderNeeds> {
  try {
    return await measureEncoder(setup, options);
  } catch (error) {
    if (!isSensebindError(error, 'PROGRAM_FAILED')) throw error;
    onEstimate(setup.modality, messageOf(error));
    return estimateSetup(setup, await machineRate());
  }
}

function estimateSetup({ modality, precision, fileBytes }: EncoderSetup, machine: MachineRate): EncoderNeeds {
  const parameters = parametersIn(fileBytes, precision);
  const operations = parameters * operationsPerParameter(modality);
  return { ...estimateEncoder({ parameters, operations, precision }, machine), fileBytes };
}

/** As the published encoder of that modality has; of another one, the most that any has. */
function operationsPerParameter(modality: string): number {
  const known = MODALITIES.filter((each) => each === modality);
  const ratios = (known.length > 0 ? known : MODALITIES).map(
    (each) => floatingPointOperations(each) / parameterCount(each),
  );
  return Math.max(...ratios);
}
