/** Vectors that lie one after another, as views of the same memory. */
export function rowsOf(values: Float32Array, dimensions: number): readonly Float32Array[] {
  return Array.from({ length: Math.floor(values.length / dimensions) }, (_, row) =>
    values.subarray(row * dimensions, (row + 1) * dimensions),
  );
}
