import { createHash } from 'node:crypto';
import type { Manifest } from '../../../models/bundle/manifest';
import { encoderHash } from '../../inference/encoderHash';

/**
 * Identity of a bundle as a whole: SHA-256, hexadecimal, over all that decides which numbers it gives. Its name, its
 * licence and the order of its encoders are not part of it.
 */
export function bundleHash({ space, dimensions, tokenizer, encoders }: Manifest): string {
  const parts = Object.entries(encoders)
    .map(([modality, encoder]) => [modality, encoderHash(encoder), encoder.preset, encoder.input] as const)
    .sort(([left], [right]) => (left < right ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([space, dimensions, tokenizer?.sha256 ?? null, parts]))
    .digest('hex');
}
