import { unsupported } from './refusals';

/**
 * `contiguous`: the elements lie in C order. `permuted`: they fill their span without gaps, in another order of the
 * dimensions, as transposed and channels-last weights do.
 */
export type ElementOrder = 'contiguous' | 'permuted';

export interface Strided {
  /** Outermost dimension first. */
  readonly shape: readonly number[];
  /** In elements, one a dimension. */
  readonly strides: readonly number[];
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

/** Strides of a tensor in C order. */
export function contiguousStrides(shape: readonly number[]): number[] {
  return shape.map((_, axis) => shape.slice(axis + 1).reduce((product, dimension) => product * dimension, 1));
}

/**
 * How the elements of a tensor lie in its storage; in either order they span exactly as many elements as they are.
 *
 * @throws {SensebindError} `CHECKPOINT_LAYOUT` for views that leave gaps or use elements more than once.
 */
export function elementOrderOf(name: string, { shape, strides }: Strided): ElementOrder {
  if (elementCount(shape) === 0) return 'contiguous';
  // The stride of a dimension of one element is never used and may be anything.
  const dimensions = shape
    .map((dimension, axis) => ({ dimension, stride: strides[axis] ?? 0 }))
    .filter(({ dimension }) => dimension > 1);
  if (isDense(dimensions.toReversed())) return 'contiguous';
  if (isDense(dimensions.toSorted((a, b) => a.stride - b.stride))) return 'permuted';
  throw unsupported(
    `Expected tensors that fill their part of the storage; ${name} has the shape [${shape}] with strides [${strides}].`,
  );
}

/** True when each dimension, innermost first, strides over exactly what lies inside it. */
function isDense(dimensions: readonly { readonly dimension: number; readonly stride: number }[]): boolean {
  let inside = 1;
  return dimensions.every(({ dimension, stride }) => {
    const fits = stride === inside;
    inside *= dimension;
    return fits;
  });
}

/**
 * Brings the elements of a permuted tensor into C order. `bytes` hold its span, aligned to four bytes unless elements
 * are smaller; the result is new.
 */
export function gather(
  bytes: Uint8Array,
  { shape, strides, elementBytes }: Strided & { readonly elementBytes: number },
): Uint8Array {
  const result = new Uint8Array(bytes.length);
  if (elementBytes === 2) {
    copyStrided(words16(bytes), { shape, strides, target: words16(result) });
  } else {
    // Elements of 8 bytes move as one more, innermost dimension of two words.
    const words = elementBytes / 4;
    copyStrided(words32(bytes), {
      shape: [...shape, words],
      strides: [...strides.map((stride) => stride * words), 1],
      target: words32(result),
    });
  }
  return result;
}

function words16(bytes: Uint8Array): Uint16Array {
  return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
}

function words32(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}

type Words = Uint16Array | Uint32Array;

function copyStrided(source: Words, { shape, strides, target }: Strided & { readonly target: Words }): void {
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < target.length; to++) {
    target[to] = source[from] ?? 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const stride = strides[axis] ?? 0;
      const dimension = shape[axis] ?? 1;
      const next = (index[axis] ?? 0) + 1;
      from += stride;
      index[axis] = next;
      if (next < dimension) break;
      from -= stride * dimension;
      index[axis] = 0;
    }
  }
}
