import { type Archive, type ArchiveRecord, readArchive } from './archive';
import { elementCount, elementOrderOf } from './elementOrder';
import { ELEMENT_BYTES } from './elementTypes';
import { readPickle } from './pickle';
import type { PickleTensor } from './pickleValues';
import { openFileAccess, type RandomAccess } from './randomAccess';
import { corrupt } from './refusals';
import { looksLikeSafetensors, readSafetensors } from './safetensors';
import { looksLikeShardIndex, openShards } from './shards';
import { type Checkpoint, StoredCheckpoint, type StoredTensor } from './storedCheckpoint';

export type { Checkpoint } from './storedCheckpoint';

/**
 * Opens a checkpoint without executing anything in it: a PyTorch zip (`torch.save` since PyTorch 1.6), a safetensors
 * file, or the index of several (`model.safetensors.index.json`), told apart by their content. Only what describes the
 * tensors is read now; every tensor is checked to lie within the file.
 *
 * @throws {SensebindError} `FILE_UNREADABLE`, or one of the `CHECKPOINT_` codes of {@link readCheckpoint}.
 */
export async function openCheckpoint(path: string): Promise<Checkpoint> {
  const access = await openFileAccess(path);
  try {
    if (!(await looksLikeShardIndex(access))) return await readCheckpoint(access, path);
    const shards = await openShards(access, path);
    await access.close();
    return shards;
  } catch (error) {
    await access.close();
    throw error;
  }
}

/**
 * One file of tensors, from any bytes; `path` only names them. Closing the result closes `access`.
 *
 * @throws {SensebindError} `CHECKPOINT_UNSAFE` when the file holds anything but plain weights, `CHECKPOINT_LIMIT` when
 * it is larger or deeper than any known model, `CHECKPOINT_CORRUPT` when it is damaged or contradicts itself,
 * `CHECKPOINT_LAYOUT` when it is another container or no state dict.
 */
export async function readCheckpoint(access: RandomAccess, path: string): Promise<Checkpoint> {
  if (await looksLikeSafetensors(access)) return readSafetensors(access, path);
  const archive = await readArchive(access);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, tensor] of readPickle(archive.pickle)) tensors.set(name, locate(tensor, { name, archive }));
  return new StoredCheckpoint(access, { path, tensors });
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
