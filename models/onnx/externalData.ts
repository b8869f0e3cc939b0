import { SensebindError } from '../../runtime/errors';
import { readAhead } from '../streaming/readAhead';
import type { Scratch } from '../streaming/scratch';
import { DATA_TYPES } from './dataType';
import type { FileWriter } from './fileWriter';
import { firstOverflow, toFloat16 } from './float16';
import type { ExternalContent, Graph, Initializer, Value } from './graph';
import { elementCount, fixedShape, graphInvalid } from './shape';

export interface WeightsTarget {
  readonly file: FileWriter;
  /** The file's name, as the model will look for it. */
  readonly location: string;
  readonly onInitializer?: ((name: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes the streamed initialisers of a graph into one file, one after the other, while the next ones are read.
 *
 * @throws {SensebindError} `CONVERSION_ABORTED` by the signal, between two of them; `PRECISION_OVERFLOW` for a number
 * that float16 cannot hold; what writing and reading an initialiser throw.
 */
export async function writeExternalData(
  { initializers }: Graph,
  { file, location, onInitializer, signal }: WeightsTarget,
): Promise<ReadonlyMap<Value, ExternalContent>> {
  const written = new Map<Value, ExternalContent>();
  const streamed = initializers.flatMap(({ value, content }) =>
    content.kind === 'streamed' ? { value, content } : [],
  );
  for await (const [{ value }, bytes] of readAhead(streamed, read)) {
    if (signal?.aborted === true) throw aborted(signal);
    const extent = await file.append(bytes);
    written.set(value, { kind: 'external', location, ...extent });
    onInitializer?.(value.name);
  }
  return written;
}

interface Streamed {
  readonly value: Initializer['value'];
  readonly content: Extract<Initializer['content'], { readonly kind: 'streamed' }>;
}

/** The bytes of an initialiser, as they are stored. */
async function read({ value: { name, type, shape }, content }: Streamed, scratch: Scratch): Promise<Uint8Array> {
  const numbers = await content.read(scratch);
  if (numbers.length !== elementCount(fixedShape(shape))) {
    throw graphInvalid(`Expected ${elementCount(fixedShape(shape))} elements of ${name}, found ${numbers.length}`);
  }
  const stored = type === 'float16' && numbers instanceof Float32Array ? halved(name, { numbers, scratch }) : numbers;
  if (!(stored instanceof DATA_TYPES[type].array)) throw graphInvalid(`Expected ${type} elements of ${name}`);
  const { buffer, byteOffset, byteLength } = stored;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function halved(
  name: string,
  { numbers, scratch }: { readonly numbers: Float32Array; readonly scratch: Scratch },
): Uint16Array {
  const half = toFloat16(numbers, scratch.uint16(numbers.length));
  const overflow = firstOverflow(half);
  if (overflow === -1) return half;
  throw new SensebindError(
    'PRECISION_OVERFLOW',
    `Expected numbers of ${name} that float16 can hold (up to 65504), found ${numbers[overflow]} at ${overflow}`,
    'Convert with precision fp32.',
  );
}

function aborted({ reason }: AbortSignal): SensebindError {
  return new SensebindError(
    'CONVERSION_ABORTED',
    'Expected to write the whole model, found that the conversion was aborted',
    'Run it again: nothing half-written is left.',
    { cause: reason },
  );
}
