import { readVariant, type Variant, variantBeside } from '../../../models/imagebind/variant';

/** The variant of the checkpoint that Meta published, and of any that says nothing else. */
export const PUBLISHED_VARIANT = 'imagebind_huge';

/** The variant that the command line names, else the JSON beside the checkpoint, else the published one. */
export async function variantFor(checkpoint: string, named: string | undefined): Promise<Variant> {
  if (named !== undefined) return readVariant(named);
  return (await variantBeside(checkpoint)) ?? readVariant(PUBLISHED_VARIANT);
}
