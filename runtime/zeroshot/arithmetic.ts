import type { Embedding } from '../embedding';
import { SensebindError } from '../errors';
import { dot, unit } from '../inference/vectors';

/** What decides whether two vectors may be compared. */
export interface Comparable {
  readonly space: string;
  readonly dimensions: number;
}

/** One part of a {@link weightedSum}. */
export interface Weighted {
  readonly embedding: Embedding;
  readonly weight: number;
}

/** A logit scale of one is none: ImageBind leaves pictures unscaled. */
export const NO_SCALE = 1;

/** Where an embedding lies. */
export function placeOf({ space, vector }: Embedding): Comparable {
  return { space, dimensions: vector.length };
}

/** @throws {SensebindError} `SPACE_MISMATCH` unless both are of one space and as many dimensions. */
export function checkComparable(left: Comparable, right: Comparable): void {
  if (left.space === right.space && left.dimensions === right.dimensions) return;
  throw new SensebindError(
    'SPACE_MISMATCH',
    `expected vectors of one space, found ${left.space} with ${left.dimensions} dimensions and ${right.space} with ${right.dimensions}`,
    'Encode both with encoders of the same anchor, and compile label sets with the bundle in use.',
  );
}

/**
 * Cosine of the angle between two embeddings, in [-1, 1] up to rounding.
 *
 * @throws {SensebindError} `SPACE_MISMATCH`, `EMBEDDING_NOT_FINITE`.
 */
export function cosine(left: Embedding, right: Embedding): number {
  checkComparable(placeOf(left), placeOf(right));
  return dot(unit(left.vector), unit(right.vector));
}

/**
 * Unit vectors times their weights, summed, at unit length again: ImageBind's arithmetic with weights of 0.5, its
 * audio with video with 0.05 and 0.95 (reference/imagebind.md §8). A negative weight takes away.
 *
 * @throws {SensebindError} `SPACE_MISMATCH`; `EMBEDDING_NOT_FINITE` when there are no parts, or they cancel out.
 */
export function weightedSum(parts: readonly Weighted[]): Float32Array {
  const [first] = parts;
  const sum = new Float64Array(first?.embedding.vector.length ?? 0);
  for (const { embedding, weight } of parts) {
    if (first) checkComparable(placeOf(first.embedding), placeOf(embedding));
    const direction = unit(embedding.vector);
    for (let index = 0; index < sum.length; index++) {
      sum[index] = (sum[index] ?? 0) + weight * (direction[index] ?? 0);
    }
  }
  return unit(sum);
}

/** Softmax of cosines × scale: shares of one, in the order of the cosines. */
export function softmax(cosines: ArrayLike<number>, scale: number): Float64Array {
  const shares = new Float64Array(cosines.length);
  let largest = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < shares.length; index++) largest = Math.max(largest, (cosines[index] ?? 0) * scale);
  let sum = 0;
  for (let index = 0; index < shares.length; index++) {
    const share = Math.exp((cosines[index] ?? 0) * scale - largest);
    shares[index] = share;
    sum += share;
  }
  for (let index = 0; index < shares.length; index++) shares[index] = (shares[index] ?? 0) / sum;
  return shares;
}
