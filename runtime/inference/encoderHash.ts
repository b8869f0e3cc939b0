import { createHash } from 'node:crypto';
import type { EncoderManifest } from '../../models/bundle/manifest';

/** Identity of an encoder: SHA-256, hexadecimal, over the hashes of its model and weights files. */
export function encoderHash({ model, weights }: EncoderManifest): string {
  const hash = createHash('sha256').update(model.sha256);
  if (weights !== null) hash.update(weights.sha256);
  return hash.digest('hex');
}
