import { invalid } from './goldenFolder';

/** How far ours is from the reference; the cosine where vectors are compared. */
export interface Deviation {
  readonly deviation: number;
  readonly cosine?: number;
}

/** The largest difference between two arrays; anything that is no number makes it infinite. */
export function largestDifference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) throw invalid(`${expected.length} values for our ${found.length}`);
  let largest = 0;
  for (let index = 0; index < expected.length; index++) {
    const difference = Math.abs((found[index] ?? Number.NaN) - (expected[index] ?? Number.NaN));
    if (Number.isNaN(difference)) return Number.POSITIVE_INFINITY;
    largest = Math.max(largest, difference);
  }
  return largest;
}

/**
 * Unit vectors against the rows of the reference's output, which are scaled, and shorter than the scale where they are
 * means over clips: both sides are made unit vectors first.
 */
export function embeddingDeviation(
  found: readonly Float32Array[],
  { data, shape }: { readonly data: Float32Array; readonly shape: readonly number[] },
): Deviation {
  const [count = 0, dimensions = 0] = shape;
  if (found.length === 0 || count !== found.length) throw invalid(`${count} vectors for our ${found.length}`);
  let deviation = 0;
  let cosine = 1;
  for (const [index, vector] of found.entries()) {
    const ours = unit(vector);
    const theirs = unit(data.subarray(index * dimensions, (index + 1) * dimensions));
    deviation = Math.max(deviation, largestDifference(ours, theirs));
    cosine = Math.min(
      cosine,
      ours.reduce((sum, value, at) => sum + value * (theirs[at] ?? 0), 0),
    );
  }
  return { deviation, cosine };
}

function unit(vector: Float32Array): readonly number[] {
  const norm = Math.hypot(...vector);
  return Array.from(vector, (value) => value / norm);
}
