import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { StateDict, TensorInfo } from '../checkpoint/stateDict';
import { readAhead } from '../streaming/readAhead';
import type { Scratch } from '../streaming/scratch';

/** Hexadecimal digits of a space's identity: 128 bits, so that two anchors never share one by accident. */
const DIGITS = 32;

/** Hashed at a time, so that the event loop stays free. */
const PIECE_BYTES = 2 ** 22;

/** The tensors that a checkpoint's vectors are anchored in. */
export interface Anchor {
  /** `imagebind` where image and text towers are both there, else `unanchored`. */
  readonly family: 'imagebind' | 'unanchored';
  readonly tensors: readonly string[];
}

/**
 * A checkpoint that hashes the tensors of its anchor when they are first read, so that towers that are converted are
 * read once.
 */
export class AnchoredCheckpoint implements StateDict {
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly #checkpoint: StateDict;
  readonly #anchor: Anchor;
  /** Hexadecimal SHA-256 of the numbers, by name. */
  readonly #digests = new Map<string, string>();

  constructor(checkpoint: StateDict, anchor: Anchor) {
    this.tensors = checkpoint.tensors;
    this.#checkpoint = checkpoint;
    this.#anchor = { ...anchor, tensors: [...anchor.tensors].sort() };
  }

  async readFloats(name: string, scratch?: Scratch): Promise<Float32Array> {
    const floats = await this.#checkpoint.readFloats(name, scratch);
    if (this.#anchor.tensors.includes(name) && !this.#digests.has(name)) this.#digests.set(name, await digest(floats));
    return floats;
  }

  readBytes(name: string): AsyncIterable<Uint8Array> {
    return this.#checkpoint.readBytes(name);
  }

  close(): Promise<void> {
    return this.#checkpoint.close();
  }

  /** The tensors of the anchor that were not read yet. */
  unread(): readonly string[] {
    return this.#anchor.tensors.filter((name) => !this.#digests.has(name));
  }

  /**
   * Identity of the joint space of the checkpoint: family and SHA-256 over name, shape and SHA-256 of the numbers (as
   * little-endian float32) of the tensors of its image and text towers, sorted by name (design.md, Space). The precision
   * of a bundle, or the modalities that it holds, leave it unchanged. What was not read yet is read now.
   *
   * A checkpoint that lacks one of the two towers has nothing that other encoders were bound to: it gets an
   * `unanchored:` identity over all that it has, which no other checkpoint shares.
   */
  async space(
    options: { readonly onTensor?: (name: string) => void; readonly signal?: AbortSignal } = {},
  ): Promise<string> {
    for await (const [name] of readAhead(this.unread(), (unread, scratch) => this.readFloats(unread, scratch))) {
      options.signal?.throwIfAborted();
      options.onTensor?.(name);
    }
    const parts = this.#anchor.tensors.map((name) => [name, this.tensors.get(name)?.shape, this.#digests.get(name)]);
    // JSON keeps the parts apart: no name can pretend to be the shape of another tensor.
    const hash = createHash('sha256').update(JSON.stringify(parts));
    return `${this.#anchor.family}:${hash.digest('hex').slice(0, DIGITS)}`;
  }
}

async function digest({ buffer, byteOffset, byteLength }: Float32Array): Promise<string> {
  const hash = createHash('sha256');
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  for (let start = 0; start < byteLength; start += PIECE_BYTES) {
    hash.update(bytes.subarray(start, start + PIECE_BYTES));
    await setImmediate();
  }
  return hash.digest('hex');
}
