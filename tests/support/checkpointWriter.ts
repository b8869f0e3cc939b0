import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { ELEMENT_BYTES } from '../../models/checkpoint/elementTypes';
import type { StateDict, TensorInfo } from '../../models/checkpoint/stateDict';
import { contiguousStrides, dictPickle, tensorOf } from './pickleWriter';
import { centralHeader, endRecords, localHeader, type ZipEntry } from './zipFormat';

/** Root folder inside the zip; the name that torch.save takes when it is not given one. */
const FOLDER = 'archive';

/**
 * Writes a state dict as a checkpoint that `torch.load(weights_only=True)` accepts: zip64, stored and aligned entries,
 * pickle of protocol 2, one storage a tensor. Holds no more than what `stateDict.readBytes` gives at a time.
 */
export async function writeCheckpoint(stateDict: StateDict, path: string): Promise<void> {
  const file = await open(path, 'w');
  try {
    const zip = new ZipWriter(file);
    const tensors = [...stateDict.tensors.values()];
    await zip.add(`${FOLDER}/data.pkl`, [stateDictPickle(tensors)]);
    await zip.add(`${FOLDER}/byteorder`, [Buffer.from('little')]);
    for (const [index, { name }] of tensors.entries()) {
      await zip.add(`${FOLDER}/data/${index}`, stateDict.readBytes(name));
    }
    await zip.add(`${FOLDER}/version`, [Buffer.from('3\n')]);
    await zip.end();
  } finally {
    await file.close();
  }
}

/** The pickle of contiguous tensors, each with a storage of its own, in order. */
export function stateDictPickle(tensors: readonly TensorInfo[]): Buffer {
  return dictPickle(
    tensors.map(({ name, elementType, shape, byteLength }, index) => [
      name,
      tensorOf({
        elementType,
        storageKey: String(index),
        storageElements: byteLength / ELEMENT_BYTES[elementType],
        storageOffset: 0,
        shape,
        strides: contiguousStrides(shape),
      }),
    ]),
  );
}

class ZipWriter {
  readonly #file: FileHandle;
  readonly #entries: ZipEntry[] = [];
  #position = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async add(name: string, pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    const headerPosition = this.#position;
    // Size and CRC are known after the data; the length of the header does not depend on them.
    const headerBytes = localHeader({ name, crc32: 0, byteLength: 0, headerPosition }).length;
    let crc = 0;
    let byteLength = 0;
    for await (const piece of pieces) {
      await this.#file.write(piece, 0, piece.length, headerPosition + headerBytes + byteLength);
      crc = crc32(piece, crc);
      byteLength += piece.length;
    }
    const entry = { name, crc32: crc, byteLength, headerPosition };
    await this.#file.write(localHeader(entry), 0, headerBytes, headerPosition);
    this.#entries.push(entry);
    this.#position = headerPosition + headerBytes + byteLength;
  }

  async end(): Promise<void> {
    const directory = Buffer.concat(this.#entries.map(centralHeader));
    const end = endRecords({
      entries: this.#entries.length,
      position: this.#position,
      byteLength: directory.length,
    });
    await this.#file.write(Buffer.concat([directory, end]), 0, directory.length + end.length, this.#position);
  }
}
