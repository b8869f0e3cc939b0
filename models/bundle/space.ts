import { createHash } from 'node:crypto';
import type { StateDict } from '../checkpoint/stateDict';

/** Hexadecimal digits of a space's identity: 128 bits, so that two anchors never share one by accident. */
const DIGITS = 32;

/** The tensors that a checkpoint's vectors are anchored in. */
export interface Anchor {
  /** `imagebind` where image and text towers are both there, else `unanchored`. */
  readonly family: 'imagebind' | 'unanchored';
  readonly tensors: readonly string[];
}

/**
 * Identity of the joint space of a checkpoint: family and SHA-256 over name, element type, shape and bytes of the tensors
 * of its image and text towers, sorted by name (design.md, Space). The precision of a bundle, or the modalities that it
 * holds, leave it unchanged.
 *
 * A checkpoint that lacks one of the two towers has nothing that other encoders were bound to: it gets an
 * `unanchored:` identity over all that it has, which no other checkpoint shares.
 */
export async function spaceOf(
  checkpoint: StateDict,
  anchor: Anchor,
  options: { readonly onBytes?: (bytes: number) => void; readonly signal?: AbortSignal } = {},
): Promise<string> {
  const hash = createHash('sha256');
  for (const name of [...anchor.tensors].sort()) {
    const tensor = checkpoint.tensors.get(name);
    // JSON keeps the parts apart: no name can pretend to be the shape of another tensor.
    hash.update(JSON.stringify([name, tensor?.elementType, tensor?.shape]));
    for await (const piece of checkpoint.readBytes(name)) {
      options.signal?.throwIfAborted();
      hash.update(piece);
      options.onBytes?.(piece.byteLength);
    }
  }
  return `${anchor.family}:${hash.digest('hex').slice(0, DIGITS)}`;
}
