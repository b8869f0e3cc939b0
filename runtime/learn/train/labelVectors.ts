import { GaussianNoise } from '../../../models/training/seededNumbers';
import { dot } from '../../inference/vectors';

/** Fixed orthonormal vectors, one a label: what a classifier without words learns to point at. `[labels, dimensions]` */
export function labelVectors(
  labels: number,
  { dimensions, seed }: { readonly dimensions: number; readonly seed: number },
): Float32Array {
  const noise = new GaussianNoise(seed);
  const all = new Float32Array(labels * dimensions);
  for (let label = 0; label < labels; label++) {
    const vector = Float32Array.from({ length: dimensions }, () => noise.next());
    for (let other = 0; other < label; other++) {
      const earlier = all.subarray(other * dimensions, (other + 1) * dimensions);
      const share = dot(vector, earlier);
      for (let index = 0; index < dimensions; index++)
        vector[index] = (vector[index] ?? 0) - share * (earlier[index] ?? 0);
    }
    const length = Math.sqrt(dot(vector, vector));
    all.set(
      vector.map((value) => value / length),
      label * dimensions,
    );
  }
  return all;
}

/** Scores of one embedding: its cosine with each label's vector. */
export function labelScores(embedding: Float32Array, vectors: Float32Array): Float32Array {
  const { length } = embedding;
  return Float32Array.from({ length: vectors.length / length }, (_, label) =>
    dot(embedding, vectors.subarray(label * length, (label + 1) * length)),
  );
}
