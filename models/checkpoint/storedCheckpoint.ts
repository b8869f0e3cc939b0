import { SensebindError } from '../../runtime/errors';
import type { Scratch } from '../streaming/scratch';
import { type ElementOrder, gather, type Strided } from './elementOrder';
import { ELEMENT_BYTES, widenElements } from './elementTypes';
import type { RandomAccess } from './randomAccess';
import type { StateDict, TensorInfo } from './stateDict';

/** A state dict that lies in a file. */
export interface Checkpoint extends StateDict {
  readonly path: string;
  readonly fileBytes: number;
}

/** A tensor and where its bytes lie in the file. */
export interface StoredTensor extends TensorInfo, Strided {
  readonly position: number;
  readonly order: ElementOrder;
}

/** A multiple of every element size. */
const PIECE_BYTES = 4 * 1024 * 1024;

/** Tensors that lie as they are in a file, wherever its container put them. */
export class StoredCheckpoint implements Checkpoint {
  readonly path: string;
  readonly fileBytes: number;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly #access: RandomAccess;

  constructor(
    access: RandomAccess,
    { path, tensors }: { readonly path: string; readonly tensors: ReadonlyMap<string, StoredTensor> },
  ) {
    this.path = path;
    this.fileBytes = access.size;
    this.tensors = tensors;
    this.#access = access;
  }

  async readFloats(name: string, scratch?: Scratch): Promise<Float32Array> {
    const tensor = this.#tensor(name);
    const length = tensor.byteLength / ELEMENT_BYTES[tensor.elementType];
    const floats = scratch?.float32(length) ?? new Float32Array(length);
    if (tensor.elementType === 'float32' && tensor.order === 'contiguous') {
      await this.#access.readInto(new Uint8Array(floats.buffer, 0, tensor.byteLength), tensor.position);
      return floats;
    }
    let done = 0;
    for await (const piece of this.readBytes(name)) {
      const elements = piece.length / ELEMENT_BYTES[tensor.elementType];
      widenElements(piece, { elementType: tensor.elementType, target: floats.subarray(done, done + elements) });
      done += elements;
    }
    return floats;
  }

  async *readBytes(name: string): AsyncGenerator<Uint8Array, void> {
    const tensor = this.#tensor(name);
    if (tensor.order === 'permuted') {
      const bytes = await this.#gathered(tensor);
      for (let done = 0; done < bytes.length; done += PIECE_BYTES) yield bytes.subarray(done, done + PIECE_BYTES);
      return;
    }
    const buffer = new Uint8Array(Math.min(PIECE_BYTES, tensor.byteLength));
    for (let done = 0; done < tensor.byteLength; done += buffer.length) {
      const piece = buffer.subarray(0, tensor.byteLength - done);
      await this.#access.readInto(piece, tensor.position + done);
      yield piece;
    }
  }

  close(): Promise<void> {
    return this.#access.close();
  }

  async #gathered(tensor: StoredTensor): Promise<Uint8Array> {
    const bytes = new Uint8Array(tensor.byteLength);
    await this.#access.readInto(bytes, tensor.position);
    return gather(bytes, { ...tensor, elementBytes: ELEMENT_BYTES[tensor.elementType] });
  }

  #tensor(name: string): StoredTensor {
    const tensor = this.tensors.get(name);
    if (tensor === undefined) throw missingTensor(name, this);
    return tensor;
  }
}

/** For a name that a checkpoint does not hold. */
export function missingTensor(name: string, { path, tensors }: Checkpoint): SensebindError {
  return new SensebindError(
    'CHECKPOINT_LAYOUT',
    `Expected a tensor named ${name} in ${path}; it holds ${tensors.size} others.`,
    'Check that the checkpoint belongs to the variant that is converted.',
  );
}
