import { readFile } from 'node:fs/promises';
import { messageOf, SensebindError } from '../../errors';
import { located } from '../located';

/** A NumPy array in C order. */
export interface NpyArray {
  readonly data: InstanceType<(typeof ARRAYS)[keyof typeof ARRAYS]>;
  readonly shape: readonly number[];
}

const MAGIC = '\x93NUMPY';
const HEADER = /'descr':\s*'([^']+)',\s*'fortran_order':\s*(True|False),\s*'shape':\s*\(([^)]*)\)/;

const ARRAYS = {
  '<f4': Float32Array,
  '<f8': Float64Array,
  '<i4': Int32Array,
  '<i8': BigInt64Array,
  '<i2': Int16Array,
  '|i1': Int8Array,
  '|u1': Uint8Array,
  '<u2': Uint16Array,
} as const;

function isKnown(descriptor: string): descriptor is keyof typeof ARRAYS {
  return Object.hasOwn(ARRAYS, descriptor);
}

/**
 * Parses a `.npy` file (NumPy Enhancement Proposal 1, versions 1 and 2).
 *
 * @throws {SensebindError} `GOLDEN_INVALID` for any other content, or fewer bytes than the shape asks for.
 */
export function parseNpy(bytes: Uint8Array): NpyArray {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.length < 12 || view.toString('latin1', 0, 6) !== MAGIC) throw invalid('it does not start as one');
  const wide = view.readUInt8(6) >= 2;
  const start = wide ? 12 : 10;
  const end = start + (wide ? view.readUInt32LE(8) : view.readUInt16LE(8));
  const [, descriptor = '', order, dimensions = ''] = HEADER.exec(view.toString('latin1', start, end)) ?? [];
  if (!isKnown(descriptor)) throw invalid(`elements of type "${descriptor}"`);
  if (order !== 'False') throw invalid('Fortran order');
  const shape = dimensions
    .split(',')
    .filter((text) => text.trim() !== '')
    .map(Number);
  const count = shape.reduce((product, size) => product * size, 1);
  const elements = ARRAYS[descriptor];
  const needed = count * elements.BYTES_PER_ELEMENT;
  if (!Number.isSafeInteger(count) || view.length - end < needed) throw invalid(`fewer than ${needed} bytes of data`);
  // A copy: the data of a file need not be aligned for its element type.
  const { buffer } = Uint8Array.from(view.subarray(end, end + needed));
  return { data: new elements(buffer), shape };
}

/** {@link parseNpy} of a file. */
export async function readNpy(path: string): Promise<NpyArray> {
  try {
    return parseNpy(await readFile(path));
  } catch (error) {
    if (error instanceof SensebindError) throw located(error, path);
    throw new SensebindError('GOLDEN_INVALID', `${path}: ${messageOf(error)}`, 'Check that the file is there.', {
      cause: error,
    });
  }
}

/** {@link readNpy}, its elements rounded to float32 whatever their type is. */
export async function readFloats(
  path: string,
): Promise<{ readonly data: Float32Array; readonly shape: readonly number[] }> {
  const { data, shape } = await readNpy(path);
  return { data: data instanceof Float32Array ? data : Float32Array.from(data, Number), shape };
}

function invalid(found: string): SensebindError {
  return new SensebindError(
    'GOLDEN_INVALID',
    `Expected a NumPy array file in C order, found ${found}`,
    'Write it with numpy.save, in C order, as little-endian numbers of a common type such as float32.',
  );
}
