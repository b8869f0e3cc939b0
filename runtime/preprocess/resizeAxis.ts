/**
 * One axis of a bicubic resize: for each output position that is kept, the input positions it is made of and their
 * weights. Kernel, bounds and normalisation are Pillow's (reference/imagebind.md §2.1).
 */
export interface ResizeAxis {
  /** The input positions that are read: `from` included, `to` excluded. */
  readonly from: number;
  readonly to: number;
  /** Output positions. */
  readonly count: number;
  /** Distance between the weights of two output positions. */
  readonly stride: number;
  /** First input position of each output position, relative to `from`. */
  readonly starts: Int32Array;
  /** Input positions of each output position. */
  readonly lengths: Int32Array;
  readonly weights: Float64Array;
  /** The weights in 2⁻²² steps, for 8-bit pixels. */
  readonly fixedWeights: Int32Array;
}

/** Bits behind the point of a fixed weight; with 8-bit pixels and one sign bit the sums fit in 32 bits. */
export const FIXED_BITS = 22;

const CUBIC = -0.5;
const SUPPORT = 2;

/** Positions `first` to `first + count - 1` of a resize from `size` to `resized`; the others are never computed. */
export interface AxisCut {
  readonly size: number;
  readonly resized: number;
  readonly first: number;
  readonly count: number;
}

/** Computes the weights of one axis. */
export function resizeAxis(cut: AxisCut): ResizeAxis {
  const scale = cut.size / cut.resized;
  const spread = Math.max(scale, 1);
  const stride = Math.ceil(SUPPORT * spread) * 2 + 1;
  const starts = new Int32Array(cut.count);
  const lengths = new Int32Array(cut.count);
  const weights = new Float64Array(cut.count * stride);
  let from = cut.size;
  let to = 0;
  for (let position = 0; position < cut.count; position++) {
    const centre = (cut.first + position + 0.5) * scale;
    const row = weights.subarray(position * stride, (position + 1) * stride);
    const { start, length } = fillWeights(row, centre, { spread, size: cut.size });
    starts[position] = start;
    lengths[position] = length;
    from = Math.min(from, start);
    to = Math.max(to, start + length);
  }
  for (let position = 0; position < cut.count; position++) starts[position] = (starts[position] ?? 0) - from;
  return { from, to, count: cut.count, stride, starts, lengths, weights, fixedWeights: fixed(weights) };
}

/** Writes the normalised weights around `centre` to the front of `row` and says which input positions they are for. */
function fillWeights(
  row: Float64Array,
  centre: number,
  { spread, size }: { readonly spread: number; readonly size: number },
): { readonly start: number; readonly length: number } {
  const support = SUPPORT * spread;
  const low = Math.max(Math.trunc(centre - support + 0.5), 0);
  const high = Math.min(Math.trunc(centre + support + 0.5), size);
  const inverse = 1 / spread;
  let sum = 0;
  for (let at = low; at < high; at++) {
    const weight = bicubic((at - centre + 0.5) * inverse);
    row[at - low] = weight;
    sum += weight;
  }
  for (let index = 0; index < high - low; index++) row[index] = (row[index] ?? 0) / sum;
  return trimZeros(row, low, high - low);
}

/** Drops zero weights at both ends: an axis that keeps its size becomes a copy, and fewer pixels are read. */
function trimZeros(row: Float64Array, start: number, length: number): { start: number; length: number } {
  let leading = 0;
  while (leading < length - 1 && row[leading] === 0) leading++;
  let end = length;
  while (end > leading + 1 && row[end - 1] === 0) end--;
  row.copyWithin(0, leading, end);
  row.fill(0, end - leading);
  return { start: start + leading, length: end - leading };
}

function bicubic(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return ((CUBIC + 2) * x - (CUBIC + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * CUBIC;
  return 0;
}

/** Rounds half away from zero, as Pillow does. */
function fixed(weights: Float64Array): Int32Array {
  const result = new Int32Array(weights.length);
  for (let index = 0; index < weights.length; index++) {
    const scaled = (weights[index] ?? 0) * 2 ** FIXED_BITS;
    result[index] = Math.trunc(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
  }
  return result;
}
