const round = Math.fround;

/** Eight floats a vector, four vectors side by side: PyTorch's reduction with AVX2. */
const LANES = 8;
const ROW = 4 * LANES;

const LEVELS = 4;

/**
 * Sums float32 values in the order of PyTorch (ATen's SumKernel.cpp, 256-bit vectors), each step rounded to float32:
 * the mean of a frame differs in its last bit otherwise, and with it the log-mel energy of bins that hold next to
 * nothing. Allocates nothing per call.
 */
export class CascadeSum {
  readonly #levels = Array.from({ length: LEVELS }, () => new Float32Array(ROW));

  /** Of `length` values from `start` on; PyTorch sums fewer than eight in another order. */
  of(values: Float32Array, { start, length }: { readonly start: number; readonly length: number }): number {
    const vectors = Math.floor(length / LANES);
    const rows = Math.floor(vectors / 4);
    this.#addRows(values, { start, rows });
    const [sums = new Float32Array(ROW)] = this.#levels;
    for (let index = rows * ROW; index < vectors * LANES; index++) addTo(sums, index % LANES, values[start + index]);
    for (let index = LANES; index < ROW; index++) addTo(sums, index % LANES, sums[index]);
    let sum = 0;
    for (let index = vectors * LANES; index < length; index++) sum = round(sum + (values[start + index] ?? 0));
    for (let lane = 0; lane < LANES; lane++) sum = round(sum + (sums[lane] ?? 0));
    return sum;
  }

  /** Leaves the sums of the columns of a `[rows, 32]` array in the first level; full levels go up, to stay small. */
  #addRows(values: Float32Array, { start, rows }: { readonly start: number; readonly rows: number }): void {
    for (const level of this.#levels) level.fill(0);
    const [first = new Float32Array(ROW)] = this.#levels;
    const power = Math.max(4, Math.ceil(Math.log2(Math.max(rows, 1))) / LEVELS) | 0;
    const step = 2 ** power;
    const whole = rows - (rows % step);
    for (let row = 0; row < rows; row++) {
      const from = start + row * ROW;
      for (let column = 0; column < ROW; column++) addTo(first, column, values[from + column]);
      if (row < whole && (row + 1) % step === 0) this.#carry(row + 1, step);
    }
    for (let level = 1; level < LEVELS; level++) {
      for (let column = 0; column < ROW; column++) addTo(first, column, this.#levels[level]?.[column]);
    }
  }

  #carry(rows: number, step: number): void {
    for (let level = 1; level < LEVELS; level++) {
      const from = this.#levels[level - 1];
      const to = this.#levels[level];
      if (from === undefined || to === undefined) return;
      for (let column = 0; column < ROW; column++) addTo(to, column, from[column]);
      from.fill(0);
      if (Math.floor(rows / step ** level) % step !== 0) return;
    }
  }
}

/** A typed array rounds what it stores. */
function addTo(sums: Float32Array, index: number, value = 0): void {
  sums[index] = (sums[index] ?? 0) + value;
}
