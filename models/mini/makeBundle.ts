import path from 'node:path';
import type { CalibrationSource } from '../bundle/calibration';
import { type ConversionOptions, convertCheckpoint } from '../bundle/convert';
import { MINI_LICENCE } from '../bundle/licences';
import type { Manifest } from '../bundle/manifest';
import { quantizeBundle } from '../bundle/quantizeBundle';
import { openCheckpoint } from '../checkpoint/checkpoint';
import { readVariant } from '../imagebind/variant';
import type { TokenizerDefinition } from '../text/tokenizerDefinition';

const NAME = 'imagebind_mini';

/** Shown wherever its labels are. */
export const MINI_NOTICE =
  'imagebind_mini knows only the simulated world of Sensebind. Its labels mean nothing about real places, people or machines.';

/** What of the conversion is still open: all else is fixed. */
export interface MiniBundleOptions extends Pick<ConversionOptions, 'overwrite' | 'signal'> {
  /** A state dict in the published layout, with the sizes of `IMAGEBIND_MINI`. */
  readonly checkpoint: string;
  /** The one that its text tower was trained with. */
  readonly tokenizer: TokenizerDefinition;
  /** Inputs that int8 is measured with. */
  readonly calibration: CalibrationSource;
  /** Folder of a bundle of the same weights in float32: what int8 is made of, and is compared with. */
  readonly floatingPoint: string;
  readonly outputDirectory: string;
}

/** With more, sums take another order: the scales would have other last bits, and the bundle another hash. */
const THREADS = 1;

/**
 * Makes the bundle that is shipped, by the converter and the quantizer of every other one: float32 first, then int8. An
 * encoder, or a layer, that int8 spoils stays in float32, and the manifest says so.
 *
 * @throws {SensebindError} What {@link openCheckpoint}, {@link convertCheckpoint} and {@link quantizeBundle} throw. At
 * most the float32 bundle is left behind then.
 */
export async function makeMiniBundle(options: MiniBundleOptions): Promise<Manifest> {
  const { floatingPoint: directory, outputDirectory, calibration, overwrite, signal } = options;
  const floats = await makeFloatingPoint(options);
  const pathOf = ({ file }: { readonly file: string }): string => path.join(directory, file);
  const { manifest } = await quantizeBundle(
    { directory, manifest: floats, pathOf },
    { outputDirectory, calibration, threads: THREADS, signal, ...(overwrite === undefined ? {} : { overwrite }) },
  );
  return manifest;
}

async function makeFloatingPoint({
  checkpoint: file,
  tokenizer,
  floatingPoint,
  overwrite,
  signal,
}: MiniBundleOptions): Promise<Manifest> {
  const checkpoint = await openCheckpoint(file);
  try {
    return await convertCheckpoint(checkpoint, {
      tokenizer,
      outputDirectory: floatingPoint,
      variant: await readVariant(NAME),
      name: NAME,
      precision: 'fp32',
      trained: true,
      licence: MINI_LICENCE,
      notice: MINI_NOTICE,
      ...(overwrite === undefined ? {} : { overwrite }),
      ...(signal === undefined ? {} : { signal }),
    });
  } finally {
    await checkpoint.close();
  }
}
