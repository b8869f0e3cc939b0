/**
 * Symmetric whole numbers of 8 bits for weights: `number ≈ scale · integer`. Matrices are in C order.
 */

/** −128 is not used: a weight and its negative have the same size. */
const LARGEST = 127;

export interface MatrixSize {
  readonly rows: number;
  readonly columns: number;
}

/** The largest magnitude of each row. */
export function rowMagnitudes(numbers: Float32Array, { rows, columns }: MatrixSize): Float32Array {
  const largest = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    let most = 0;
    for (let at = row * columns; at < (row + 1) * columns; at++) {
      const size = Math.abs(numbers[at] ?? 0);
      if (size > most) most = size;
    }
    largest[row] = most;
  }
  return largest;
}

/** The largest magnitude of each column, rows multiplied by their factors. */
export function columnMagnitudes(
  numbers: Float32Array,
  { rows, columns, factors }: MatrixSize & { readonly factors: Float32Array | undefined },
): Float32Array {
  const largest = new Float32Array(columns);
  for (let row = 0; row < rows; row++) {
    const factor = factors?.[row] ?? 1;
    for (let column = 0; column < columns; column++) {
      const size = Math.abs((numbers[row * columns + column] ?? 0) * factor);
      if (size > (largest[column] ?? 0)) largest[column] = size;
    }
  }
  return largest;
}

/** Scales that fit magnitudes into 8 bits. What is all zero gets 1: any scale gives zeros. */
export function scalesFor(magnitudes: Float32Array): Float32Array {
  return magnitudes.map((magnitude) => (magnitude > 0 ? Math.max(magnitude / LARGEST, SMALLEST_SCALE) : 1));
}

/** Below it the division would leave the normal numbers of float32, and then what it gives is not near the weight. */
const SMALLEST_SCALE = 2 ** -120;

/** Integers of a matrix whose columns have scales of their own; rows are multiplied by their factors before. */
export function packColumns(
  numbers: Float32Array,
  {
    rows,
    columns,
    factors,
    scales,
    target,
  }: MatrixSize & {
    readonly factors: Float32Array | undefined;
    readonly scales: Float32Array;
    readonly target: Int8Array;
  },
): Int8Array {
  const inverse = Float64Array.from(scales, (scale) => 1 / scale);
  for (let row = 0; row < rows; row++) {
    const factor = factors?.[row] ?? 1;
    for (let column = 0; column < columns; column++) {
      const at = row * columns + column;
      target[at] = nearest((numbers[at] ?? 0) * factor * (inverse[column] ?? 1));
    }
  }
  return target;
}

/** Integers of a matrix whose rows have scales of their own. */
export function packRows(
  numbers: Float32Array,
  { rows, columns, scales, target }: MatrixSize & { readonly scales: Float32Array; readonly target: Int8Array },
): Int8Array {
  for (let row = 0; row < rows; row++) {
    const inverse = 1 / (scales[row] ?? 1);
    for (let at = row * columns; at < (row + 1) * columns; at++) target[at] = nearest((numbers[at] ?? 0) * inverse);
  }
  return target;
}

function nearest(number: number): number {
  const rounded = Math.round(number);
  return rounded > LARGEST ? LARGEST : rounded < -LARGEST ? -LARGEST : rounded;
}
