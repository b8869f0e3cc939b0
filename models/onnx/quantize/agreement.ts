/** How well embeddings agree with those of the encoder as it was. */
export interface Agreement {
  readonly worstCosine: number;
  readonly meanCosine: number;
}

/** What int8 has to reach on held-back inputs (design.md, budgets). */
export const LEAST_COSINE = 0.99;

/** Both lists hold unit vectors, in the same order. What is no number counts as the opposite direction. */
export function agreementOf(found: readonly Float32Array[], expected: readonly Float32Array[]): Agreement {
  const cosines = found.map((vector, index) => cosine(vector, expected[index] ?? new Float32Array()));
  return {
    worstCosine: Math.min(...cosines),
    meanCosine: cosines.reduce((sum, one) => sum + one, 0) / cosines.length,
  };
}

function cosine(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += (a[index] ?? 0) * (b[index] ?? 0);
  // Unit vectors of float32: a hair above 1 is rounding.
  return Number.isFinite(sum) ? Math.min(sum, 1) : -1;
}
