import { crc32 } from 'node:zlib';
import { SensebindError } from '../../runtime/errors';
import { FileWriter, type WrittenFile } from '../onnx/fileWriter';
import { contiguousStrides, elementCount } from './elementOrder';
import { dictPickle, tensorOf } from './pickleWriter';
import { centralHeader, endRecords, localHeader, type ZipEntry } from './zipRecords';

/** A tensor of float32 numbers in C order. */
export interface NamedTensor {
  readonly name: string;
  /** Outermost dimension first; empty for a scalar. */
  readonly shape: readonly number[];
  readonly numbers: Float32Array;
}

/** Root folder inside the zip; the name that torch.save takes when it is not given one. */
const FOLDER = 'archive';

/** Version of the layout inside the zip, and byte order of the storages, as torch.save writes them. */
const LAYOUT_VERSION = '3\n';
const BYTE_ORDER = 'little';

const MAX_TENSOR_BYTES = 2 ** 32 - 1;
/** Local headers bring the padding that aligns their data. */
const UNALIGNED = 1;

/**
 * Writes a state dict as `torch.save` lays it out, for `torch.load(weights_only=True)` and for `openCheckpoint`: a zip of
 * entries that are stored and aligned to 64 bytes, a pickle of protocol 2, one storage a tensor. Tensors are taken one at
 * a time. The file appears under its name only when it is whole; a file that is there already is replaced.
 *
 * @throws {SensebindError} `CHECKPOINT_LAYOUT` for a name that comes twice, or numbers that do not fill their shape;
 * `DISK_FULL`, `FILE_UNWRITABLE`. What was there before stays then.
 */
export async function writeStateDict(
  path: string,
  tensors: Iterable<NamedTensor> | AsyncIterable<NamedTensor>,
): Promise<WrittenFile> {
  const file = await FileWriter.create(path);
  try {
    const zip = new ZipWriter(file);
    const shapes = new Map<string, readonly number[]>();
    for await (const tensor of tensors) {
      requireSound(tensor, shapes);
      await zip.add(`${FOLDER}/data/${shapes.size}`, bytesOf(tensor.numbers));
      shapes.set(tensor.name, tensor.shape);
    }
    await zip.add(`${FOLDER}/data.pkl`, stateDictPickle(shapes));
    await zip.add(`${FOLDER}/byteorder`, Buffer.from(BYTE_ORDER));
    await zip.add(`${FOLDER}/version`, Buffer.from(LAYOUT_VERSION));
    await zip.end();
    return await file.finish();
  } catch (error) {
    await file.discard();
    throw error;
  }
}

function requireSound({ name, shape, numbers }: NamedTensor, before: ReadonlyMap<string, unknown>): void {
  if (before.has(name)) throw refused(`each name once, found "${name}" twice`);
  if (elementCount(shape) !== numbers.length) {
    throw refused(`as many numbers as "${name}" has elements, ${shape.join(' × ')}, found ${numbers.length}`);
  }
  if (numbers.byteLength > MAX_TENSOR_BYTES) throw refused(`tensors below 4 GiB, found "${name}" above`);
}

/** The pickle of contiguous float32 tensors, each with a storage of its own, in order. */
function stateDictPickle(shapes: ReadonlyMap<string, readonly number[]>): Buffer {
  return dictPickle(
    [...shapes].map(([name, shape], index) => [
      name,
      tensorOf({
        elementType: 'float32',
        storageKey: String(index),
        storageElements: elementCount(shape),
        storageOffset: 0,
        shape,
        strides: contiguousStrides(shape),
      }),
    ]),
  );
}

/** Little-endian, as every host of Node.js with an ONNX Runtime is. */
function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Puts one entry after the other. */
class ZipWriter {
  readonly #file: FileWriter;
  readonly #entries: ZipEntry[] = [];
  #position = 0;

  constructor(file: FileWriter) {
    this.#file = file;
  }

  async add(name: string, content: Uint8Array): Promise<void> {
    const entry = {
      name,
      crc32: crc32(content),
      byteLength: content.length,
      headerPosition: this.#position,
    };
    await this.#append(localHeader(entry));
    await this.#append(content);
    this.#entries.push(entry);
  }

  async end(): Promise<void> {
    const position = this.#position;
    const directory = Buffer.concat(this.#entries.map(centralHeader));
    await this.#append(directory);
    await this.#append(endRecords({ entries: this.#entries.length, position, byteLength: directory.length }));
  }

  async #append(content: Uint8Array): Promise<void> {
    const { offset, byteLength } = await this.#file.append(content, UNALIGNED);
    this.#position = offset + byteLength;
  }
}

function refused(what: string): SensebindError {
  return new SensebindError(
    'CHECKPOINT_LAYOUT',
    `Expected a state dict with ${what}`,
    'Give every tensor a name of its own and all of its numbers.',
  );
}
