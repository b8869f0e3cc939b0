import { type ConversionOptions, convertCheckpoint } from '../bundle/convert';
import { MINI_LICENCE } from '../bundle/licences';
import type { Manifest } from '../bundle/manifest';
import { openCheckpoint } from '../checkpoint/checkpoint';
import { readVariant } from '../imagebind/variant';
import type { TokenizerDefinition } from '../text/tokenizerDefinition';

const NAME = 'imagebind_mini';

/** Shown wherever its labels are. */
export const MINI_NOTICE =
  'imagebind_mini knows only the simulated world of Sensebind. Its labels mean nothing about real places, people or machines.';

/** What of the conversion is still open: all else is fixed. */
export interface MiniBundleOptions extends Pick<ConversionOptions, 'overwrite' | 'onProgress' | 'signal'> {
  /** A state dict in the published layout, with the sizes of `IMAGEBIND_MINI`. */
  readonly checkpoint: string;
  /** The one that its text tower was trained with. */
  readonly tokenizer: TokenizerDefinition;
  readonly outputDirectory: string;
}

/**
 * Makes the bundle that is shipped, by the converter of every other one; weights are stored as float16.
 *
 * @throws {SensebindError} What {@link openCheckpoint} and {@link convertCheckpoint} throw. Nothing is left behind then.
 */
export async function makeMiniBundle({
  checkpoint: file,
  tokenizer,
  ...options
}: MiniBundleOptions): Promise<Manifest> {
  const checkpoint = await openCheckpoint(file);
  try {
    return await convertCheckpoint(checkpoint, {
      ...options,
      tokenizer,
      variant: await readVariant(NAME),
      name: NAME,
      precision: 'fp16',
      trained: true,
      licence: MINI_LICENCE,
      notice: MINI_NOTICE,
    });
  } finally {
    await checkpoint.close();
  }
}
