import { type FileHandle, open } from 'node:fs/promises';
import { SensebindError } from '../../../runtime/errors';
import type { Scratch } from '../../streaming/scratch';
import { DATA_TYPES, type Elements } from '../dataType';
import { float16Numbers } from '../float16';
import type { Graph, Initializer, Value } from '../graph';
import { elementCount, fixedShape, graphInvalid } from '../shape';

/** The elements of a model's initialisers, read from its weights file when they are asked for. */
export class StoredNumbers {
  readonly #initializers: ReadonlyMap<Value, Initializer>;
  readonly #file: FileHandle | undefined;
  readonly #path: string;
  #halves: Float32Array | undefined;

  private constructor(graph: Graph, path: string, file: FileHandle | undefined) {
    this.#initializers = new Map(graph.initializers.map((initializer) => [initializer.value, initializer]));
    this.#file = file;
    this.#path = path;
  }

  /** @param weightsPath - `undefined` for a model that has all of them inside. */
  static async open(graph: Graph, weightsPath: string | undefined): Promise<StoredNumbers> {
    if (weightsPath === undefined) return new StoredNumbers(graph, '', undefined);
    return new StoredNumbers(graph, weightsPath, await open(weightsPath, 'r'));
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }

  /** Elements as they are stored, the caller's; perhaps in the scratch. */
  async elements(value: Value, scratch: Scratch): Promise<Elements> {
    const content = this.#initializers.get(value)?.content;
    switch (content?.kind) {
      case 'inline':
        return content.data.slice();
      case 'external': {
        const count = elementCount(fixedShape(value.shape));
        const { array } = DATA_TYPES[value.type];
        const { byteLength, offset } = content;
        if (byteLength !== count * array.BYTES_PER_ELEMENT)
          throw corrupt(this.#path, `${byteLength} bytes of ${value.name}`);
        const memory = scratch.int8(byteLength);
        await this.#read(new Uint8Array(memory.buffer, 0, byteLength), offset);
        return new array(memory.buffer, 0, count);
      }
      default:
        throw graphInvalid(`Expected the stored elements of ${value.name}`);
    }
  }

  /** Numbers of a float32 or float16 initialiser, as float32. */
  async floats(value: Value, scratch: Scratch): Promise<Float32Array> {
    const elements = await this.elements(value, scratch);
    if (elements instanceof Float32Array) return elements;
    if (!(elements instanceof Uint16Array)) throw graphInvalid(`Expected floating-point numbers in ${value.name}`);
    this.#halves ??= float16Numbers();
    const floats = scratch.float32(elements.length);
    for (let index = 0; index < floats.length; index++) floats[index] = this.#halves[elements[index] ?? 0] ?? 0;
    return floats;
  }

  async #read(target: Uint8Array, offset: number): Promise<void> {
    if (this.#file === undefined) throw graphInvalid('Expected a weights file, found none');
    for (let done = 0; done < target.length; ) {
      const { bytesRead } = await this.#file.read(target, done, target.length - done, offset + done);
      if (bytesRead === 0) throw corrupt(this.#path, `its end at ${offset + done}`);
      done += bytesRead;
    }
  }
}

function corrupt(path: string, found: string): SensebindError {
  return new SensebindError(
    'BUNDLE_CORRUPT',
    `Expected all weights in ${path}, found ${found}`,
    'Copy the whole folder again, or convert the checkpoint again.',
  );
}
