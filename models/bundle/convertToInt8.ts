import path from 'node:path';
import type { StateDict } from '../checkpoint/stateDict';
import { type ConversionOptions, convertCheckpoint } from './convert';
import { type QuantizationOptions, type QuantizedBundle, quantizeBundle } from './quantizeBundle';
import { Workspace } from './workspace';

export interface Int8ConversionOptions {
  /** Of the weights that int8 is made of, which are removed again. */
  readonly conversion: Omit<ConversionOptions, 'outputDirectory' | 'precision' | 'overwrite'>;
  readonly quantization: Omit<QuantizationOptions, 'modalities'>;
}

/**
 * Turns a checkpoint into a bundle whose encoders are int8: by way of one in fp32, in a folder beside the output that is
 * gone when this ends, or, after a power cut, when something is written there again.
 *
 * @throws {SensebindError} What {@link convertCheckpoint} and {@link quantizeBundle} throw. Nothing is left behind then.
 */
export async function convertToInt8(
  checkpoint: StateDict,
  { conversion, quantization }: Int8ConversionOptions,
): Promise<QuantizedBundle> {
  const { outputDirectory, overwrite = 'refuse' } = quantization;
  // Refuses an output that is there already before the long part begins; the disk is asked by each of the two parts.
  const between = await Workspace.create(outputDirectory, { overwrite, bytesNeeded: 0 });
  try {
    const directory = path.join(between.directory, 'fp32');
    const manifest = await convertCheckpoint(checkpoint, {
      ...conversion,
      outputDirectory: directory,
      precision: 'fp32',
    });
    const pathOf = ({ file }: { readonly file: string }): string => path.join(directory, file);
    return await quantizeBundle({ directory, manifest, pathOf }, quantization);
  } finally {
    await between.discard();
  }
}
