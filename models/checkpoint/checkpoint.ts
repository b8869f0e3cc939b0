import { SensebindError } from '../../runtime/errors';
import type { Scratch } from '../streaming/scratch';
import { type Archive, type ArchiveRecord, readArchive } from './archive';
import { type ElementOrder, elementCount, elementOrderOf, gather, type Strided } from './elementOrder';
import { ELEMENT_BYTES, widenElements } from './elementTypes';
import { readPickle } from './pickle';
import type { PickleTensor } from './pickleValues';
import { openFileAccess, type RandomAccess } from './randomAccess';
import { corrupt } from './refusals';
import type { StateDict, TensorInfo } from './stateDict';

/** A state dict that lies in a file. */
export interface Checkpoint extends StateDict {
  readonly path: string;
  readonly fileBytes: number;
}

/**
 * Opens a PyTorch zip checkpoint (`torch.save` since PyTorch 1.6) without executing anything in it. Only its directory
 * and pickle are read now; every tensor is checked to lie within its storage, and each storage to be whole.
 *
 * @throws {SensebindError} `FILE_UNREADABLE`, or one of the `CHECKPOINT_` codes of {@link readCheckpoint}.
 */
export async function openCheckpoint(path: string): Promise<Checkpoint> {
  const access = await openFileAccess(path);
  try {
    return await readCheckpoint(access, path);
  } catch (error) {
    await access.close();
    throw error;
  }
}

/**
 * As {@link openCheckpoint}, from any bytes; `path` only names them. Closing the result closes `access`.
 *
 * @throws {SensebindError} `CHECKPOINT_UNSAFE` when the file holds anything but plain weights, `CHECKPOINT_LIMIT` when
 * it is larger or deeper than any known model, `CHECKPOINT_CORRUPT` when it is damaged or contradicts itself,
 * `CHECKPOINT_LAYOUT` when it is another container or no state dict.
 */
export async function readCheckpoint(access: RandomAccess, path: string): Promise<Checkpoint> {
  const archive = await readArchive(access);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, tensor] of readPickle(archive.pickle)) tensors.set(name, locate(tensor, { name, archive }));
  return new ZipCheckpoint(access, { path, tensors });
}

/** A tensor and where its bytes lie in the file. */
interface StoredTensor extends TensorInfo, Strided {
  readonly position: number;
  readonly order: ElementOrder;
}

function locate(
  { storage, storageOffset, shape, strides }: PickleTensor,
  { name, archive }: { readonly name: string; readonly archive: Archive },
): StoredTensor {
  const record = storageRecord(archive, { name, storage });
  const elements = elementCount(shape);
  const order = elementOrderOf(name, { shape, strides });
  if (storageOffset + elements > storage.elements) {
    throw corrupt(
      `Expected tensor ${name} within the ${storage.elements} elements of its storage; it takes ${elements} from element ${storageOffset} on.`,
    );
  }
  const elementBytes = ELEMENT_BYTES[storage.elementType];
  return {
    name,
    elementType: storage.elementType,
    shape,
    strides,
    order,
    byteLength: elements * elementBytes,
    position: record.position + storageOffset * elementBytes,
  };
}

function storageRecord(
  archive: Archive,
  { name, storage }: { readonly name: string; readonly storage: PickleTensor['storage'] },
): ArchiveRecord {
  const record = archive.storages.get(storage.key);
  if (record === undefined) throw corrupt(`Expected the record data/${storage.key} of tensor ${name}; there is none.`);
  const claimed = storage.elements * ELEMENT_BYTES[storage.elementType];
  if (record.byteLength !== claimed) {
    throw corrupt(
      `Expected ${claimed} bytes in data/${storage.key} of tensor ${name}; the record has ${record.byteLength}.`,
    );
  }
  return record;
}

/** A multiple of every element size. */
const PIECE_BYTES = 4 * 1024 * 1024;

class ZipCheckpoint implements Checkpoint {
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
    if (tensor === undefined) {
      throw new SensebindError(
        'CHECKPOINT_LAYOUT',
        `Expected a tensor named ${name} in ${this.path}; it holds ${this.tensors.size} others.`,
        'Check that the checkpoint belongs to the variant that is converted.',
      );
    }
    return tensor;
  }
}
