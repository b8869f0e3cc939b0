import { openCheckpoint } from '../../../../models/checkpoint/checkpoint';
import { floatingPointOperations, parameterCount } from '../../../../models/imagebind/cost';
import { planEncoder } from '../../../../models/imagebind/encoder';
import { IMAGEBIND_HUGE } from '../../../../models/imagebind/layout';
import { type ImagebindModality, MODALITIES } from '../../../../models/imagebind/modality';
import type { Variant } from '../../../../models/imagebind/variant';
import { UsageError } from '../../output';

/** What is known of an encoder before it is converted. */
export interface EncoderOutline {
  readonly modality: ImagebindModality;
  readonly parameters: number;
  /** Floating-point operations of one forward of one item. */
  readonly operations: number;
}

/** @throws {UsageError} for anything else than names of encoders, each once. */
export function parseModalities(text: string): readonly ImagebindModality[] {
  const names = text.split(',').map((name) => name.trim());
  const found = MODALITIES.filter((modality) => names.includes(modality));
  if (found.length === names.length) return found;
  throw new UsageError(
    `expected --modalities with some of ${MODALITIES.join(',')}, each once, found ${text}`,
    'Name the sensors that you have, and text where words are to say what they sense.',
  );
}

/** The encoders of the published model. */
export function publishedOutlines(modalities: readonly ImagebindModality[]): readonly EncoderOutline[] {
  return modalities.map((modality) => ({
    modality,
    parameters: parameterCount(modality),
    operations: floatingPointOperations(modality),
  }));
}

/**
 * The encoders of a checkpoint that is here.
 *
 * @throws {SensebindError} what {@link openCheckpoint} and {@link planEncoder} throw.
 */
export async function outlinesOf(
  file: string,
  { variant, modalities }: { readonly variant: Variant; readonly modalities: readonly ImagebindModality[] },
): Promise<readonly EncoderOutline[]> {
  const checkpoint = await openCheckpoint(file);
  try {
    const outlines: EncoderOutline[] = [];
    for (const modality of modalities) {
      const { parameters, dimensions, tower } = await planEncoder(checkpoint, variant, modality);
      const towers = { ...IMAGEBIND_HUGE.towers, [modality]: tower };
      const operations = floatingPointOperations(modality, { output: dimensions, towers });
      outlines.push({ modality, parameters, operations });
    }
    return outlines;
  } finally {
    await checkpoint.close();
  }
}
