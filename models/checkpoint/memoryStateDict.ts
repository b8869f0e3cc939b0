import { SensebindError } from '../../runtime/errors';
import type { StateDict, TensorInfo } from './stateDict';
import type { NamedTensor } from './writeStateDict';

/** Tensors that are in memory already, such as those that a training has made, as a state dict. */
export class MemoryStateDict implements StateDict {
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly #numbers: ReadonlyMap<string, Float32Array>;

  constructor(tensors: readonly NamedTensor[]) {
    this.tensors = new Map(
      tensors.map(({ name, shape, numbers }) => [
        name,
        { name, elementType: 'float32', shape, byteLength: numbers.byteLength },
      ]),
    );
    this.#numbers = new Map(tensors.map(({ name, numbers }) => [name, numbers]));
  }

  async readFloats(name: string): Promise<Float32Array> {
    return this.#of(name).slice();
  }

  async *readBytes(name: string): AsyncGenerator<Uint8Array, void> {
    const { buffer, byteOffset, byteLength } = this.#of(name).slice();
    yield new Uint8Array(buffer, byteOffset, byteLength);
  }

  async close(): Promise<void> {}

  #of(name: string): Float32Array {
    const numbers = this.#numbers.get(name);
    if (numbers !== undefined) return numbers;
    throw new SensebindError(
      'CHECKPOINT_LAYOUT',
      `Expected a tensor named ${name}, found ${this.#numbers.size} others`,
      'Take the names from the state dict itself.',
    );
  }
}
