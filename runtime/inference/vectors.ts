import { SensebindError } from '../errors';

/**
 * `vector` at unit length, as a copy.
 *
 * @throws {SensebindError} `EMBEDDING_NOT_FINITE` when it has no direction: NaN or infinite somewhere, or zero.
 */
export function unit(vector: ArrayLike<number>): Float32Array {
  const norm = Math.sqrt(dot(vector, vector));
  if (!Number.isFinite(norm) || norm === 0) {
    throw new SensebindError(
      'EMBEDDING_NOT_FINITE',
      `Expected an embedding with a direction, found a vector of length ${norm}`,
      'Look at the input for NaN or absurd values; if good inputs do this too, check the bundle with "sensebind models verify".',
    );
  }
  const direction = new Float32Array(vector.length);
  for (let index = 0; index < direction.length; index++) direction[index] = (vector[index] ?? 0) / norm;
  return direction;
}

/**
 * The unit vector in the middle of unit vectors: the mean over the clips of one recording, renormalised
 * (reference/imagebind.md; with one logit scale, scaling before the mean changes nothing).
 *
 * @throws {SensebindError} `EMBEDDING_NOT_FINITE` when they cancel out.
 */
export function meanDirection(vectors: readonly Float32Array[]): Float32Array {
  const sum = new Float64Array(vectors[0]?.length ?? 0);
  for (const vector of vectors) {
    for (const [index, value] of vector.entries()) sum[index] = (sum[index] ?? 0) + value;
  }
  return unit(sum);
}

/** Inner product; the cosine, for unit vectors. */
export function dot(left: ArrayLike<number>, right: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < left.length; index++) sum += (left[index] ?? 0) * (right[index] ?? 0);
  return sum;
}

/**
 * As {@link dot}, of floats of one length: what a thousand labels are compared with. One type of array and four sums
 * that do not wait for each other make it several times as fast.
 */
export function dotFloats(left: Float32Array, right: Float32Array): number {
  // One by one: sums out of a destructured array stay boxed numbers, and take five times as long.
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  const whole = left.length & ~3;
  let index = 0;
  for (; index < whole; index += 4) {
    a += (left[index] ?? 0) * (right[index] ?? 0);
    b += (left[index + 1] ?? 0) * (right[index + 1] ?? 0);
    c += (left[index + 2] ?? 0) * (right[index + 2] ?? 0);
    d += (left[index + 3] ?? 0) * (right[index + 3] ?? 0);
  }
  for (; index < left.length; index++) a += (left[index] ?? 0) * (right[index] ?? 0);
  return a + b + (c + d);
}
