import { SensebindError } from '../../runtime/errors';
import type { StoredPrecision } from '../bundle/manifest';
import type { StateDict } from '../checkpoint/stateDict';
import { cast } from '../onnx/elementwise';
import type { Graph, Value } from '../onnx/graph';
import { graphInvalid } from '../onnx/shape';
import type { Scratch } from '../streaming/scratch';

type Transform = (numbers: Float32Array, scratch: Scratch) => Float32Array;

/** Factor on the first `count` elements of a tensor. */
export interface LeadingFactor {
  readonly factor: number;
  readonly count: number;
}

/**
 * Side of the squares in which a matrix is transposed. Rows of some widths fall on few places of the cache, so that a
 * larger square does not stay there (measured for ImageBind's widths: 8 is the fastest, 32 takes up to twice as long).
 */
const TILE = 8;

/** The tensors of one encoder as values of a graph, under the names that they have in a checkpoint. */
export interface Weights {
  /** A norm, bias, token or table of positions: always float32. */
  vector(name: string, leading?: LeadingFactor): Value<'float32'>;
  /** A convolution's kernel, as it is. */
  kernel(name: string): Value<'float32'>;
  /** The rows of a table, to be cast after the ones that are needed were taken. */
  table(name: string): Value<'float32'> | Value<'float16'>;
  /** The weight of a linear layer: `[out, in]` in the checkpoint, `[in, out]` here (reference/onnxruntime.md §0.2). */
  matrix(name: string, leading?: LeadingFactor): Value<'float32'>;
}

/**
 * The tensors of a checkpoint as initialisers of a graph, under the names that they have there. They are read when the
 * model is written, and every number is checked then.
 */
export class StoredWeights implements Weights {
  readonly #checkpoint: StateDict;
  readonly #graph: Graph;
  readonly #precision: StoredPrecision;

  constructor(
    checkpoint: StateDict,
    { graph, precision }: { readonly graph: Graph; readonly precision: StoredPrecision },
  ) {
    this.#checkpoint = checkpoint;
    this.#graph = graph;
    this.#precision = precision;
  }

  vector(name: string, leading?: LeadingFactor): Value<'float32'> {
    const read = async (scratch: Scratch): Promise<Float32Array> =>
      scaled(await readFinite(this.#checkpoint, name, scratch), leading);
    return this.#graph.initializer(name, {
      type: 'float32',
      shape: this.#shapeOf(name),
      content: { kind: 'streamed', read },
    });
  }

  kernel(name: string): Value<'float32'> {
    return cast32(this.table(name));
  }

  table(name: string): Value<'float32'> | Value<'float16'> {
    return this.#stored(name, { shape: this.#shapeOf(name), transform: (numbers) => numbers });
  }

  matrix(name: string, leading?: LeadingFactor): Value<'float32'> {
    const [rows = 0, columns = 0] = this.#shapeOf(name);
    const transform: Transform = (numbers, scratch) =>
      transposed(scaled(numbers, leading), { rows, columns, target: scratch.float32(numbers.length) });
    return cast32(this.#stored(name, { shape: [columns, rows], transform }));
  }

  #stored(
    name: string,
    { shape, transform }: { readonly shape: readonly number[]; readonly transform: Transform },
  ): Value<'float32'> | Value<'float16'> {
    const read = async (scratch: Scratch): Promise<Float32Array> =>
      transform(await readFinite(this.#checkpoint, name, scratch), scratch);
    const content = { kind: 'streamed', read } as const;
    return this.#precision === 'fp16'
      ? this.#graph.initializer(name, { type: 'float16', shape, content })
      : this.#graph.initializer(name, { type: 'float32', shape, content });
  }

  #shapeOf(name: string): readonly number[] {
    const tensor = this.#checkpoint.tensors.get(name);
    if (tensor === undefined) throw graphInvalid(`Expected a checked tensor, found ${name}`);
    return tensor.shape;
  }
}

/** What was stored as float16 becomes float32; the runtime does that once, when it loads the model. */
export function cast32(value: Value<'float32'> | Value<'float16'>): Value<'float32'> {
  return value.type === 'float32' ? value : cast(value, 'float32');
}

/**
 * The numbers of a tensor, the caller's: {@link StateDict.readFloats}.
 *
 * @throws {SensebindError} `CHECKPOINT_NOT_FINITE` for NaN or an infinity among them.
 */
export async function readFinite(checkpoint: StateDict, name: string, scratch?: Scratch): Promise<Float32Array> {
  const numbers = await checkpoint.readFloats(name, scratch);
  const index = firstNotFinite(numbers);
  if (index === -1) return numbers;
  throw new SensebindError(
    'CHECKPOINT_NOT_FINITE',
    `Expected finite numbers in ${name}, found ${numbers[index]} at ${index} of ${numbers.length}`,
    'Use a checkpoint of a training run that did not diverge.',
  );
}

/** A plain loop: `findIndex` takes several times as long, and a checkpoint has a thousand million numbers. */
function firstNotFinite(numbers: Float32Array): number {
  for (let index = 0; index < numbers.length; index++) {
    if (!Number.isFinite(numbers[index])) return index;
  }
  return -1;
}

/** In place. */
function scaled(numbers: Float32Array, { factor, count }: LeadingFactor = { factor: 1, count: 0 }): Float32Array {
  for (let index = 0; index < count; index++) numbers[index] = (numbers[index] ?? 0) * factor;
  return numbers;
}

function transposed(
  numbers: Float32Array,
  { rows, columns, target }: { readonly rows: number; readonly columns: number; readonly target: Float32Array },
): Float32Array {
  for (let top = 0; top < rows; top += TILE) {
    for (let left = 0; left < columns; left += TILE) {
      const bottom = Math.min(top + TILE, rows);
      const right = Math.min(left + TILE, columns);
      for (let column = left; column < right; column++) {
        for (let row = top; row < bottom; row++) {
          target[column * rows + row] = numbers[row * columns + column] ?? 0;
        }
      }
    }
  }
  return target;
}
