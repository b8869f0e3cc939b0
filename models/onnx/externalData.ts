import { SensebindError } from '../../runtime/errors';
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
 * Writes the streamed initialisers of a graph into one file, one at a time.
 *
 * @throws {SensebindError} `CONVERSION_ABORTED` by the signal, between two of them; `PRECISION_OVERFLOW` for a number
 * that float16 cannot hold; what writing and reading an initialiser throw.
 */
export async function writeExternalData(
  { initializers }: Graph,
  { file, location, onInitializer, signal }: WeightsTarget,
): Promise<ReadonlyMap<Value, ExternalContent>> {
  const written = new Map<Value, ExternalContent>();
  for (const { value, content } of initializers) {
    if (content.kind !== 'streamed') continue;
    if (signal?.aborted === true) throw aborted(signal);
    const extent = await file.append(bytesOf(value, await content.read()));
    written.set(value, { kind: 'external', location, ...extent });
    onInitializer?.(value.name);
  }
  return written;
}

function bytesOf({ name, type, shape }: Initializer['value'], numbers: Float32Array): Uint8Array {
  if (numbers.length !== elementCount(fixedShape(shape))) {
    throw graphInvalid(`Expected ${elementCount(fixedShape(shape))} elements of ${name}, found ${numbers.length}`);
  }
  const { buffer, byteOffset, byteLength } = type === 'float16' ? halved(name, numbers) : numbers;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function halved(name: string, numbers: Float32Array): Uint16Array {
  const half = toFloat16(numbers);
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
