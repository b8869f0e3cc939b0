import type { CropPlan } from './cropPlan';
import { FIXED_BITS, type ResizeAxis } from './resizeAxis';

/**
 * Bicubic resize of 8-bit pixels with antialias, to the bit as Pillow: horizontal pass first, rounded to 8 bits, then
 * vertical, both in fixed point (reference/imagebind.md §2.1). Only what the window needs is computed.
 */
export class ByteResizer {
  readonly #channels: 1 | 3;
  #rows = new Uint8Array(0);
  #output = new Uint8Array(0);

  constructor(channels: 1 | 3) {
    this.#channels = channels;
  }

  /**
   * @param pixels the whole picture, row-major, channels interleaved.
   * @returns the window in the same layout; valid until the next call.
   */
  crop(pixels: Uint8Array, plan: CropPlan): Uint8Array {
    const rowLength = plan.to.width * this.#channels;
    const rowsLength = rowLength * (plan.vertical.to - plan.vertical.from);
    const outputLength = rowLength * plan.to.height;
    if (this.#rows.length < rowsLength) this.#rows = new Uint8Array(rowsLength);
    if (this.#output.length !== outputLength) this.#output = new Uint8Array(outputLength);
    if (this.#channels === 3) resizeRgbRows(pixels, plan, this.#rows);
    else resizeGrayRows(pixels, plan, this.#rows);
    resizeByteColumns(this.#rows, plan.vertical, this.#output);
    return this.#output;
  }
}

/** Half a step, so that the shift behind it rounds. */
const HALF = 1 << (FIXED_BITS - 1);

function resizeRgbRows(pixels: Uint8Array, plan: CropPlan, rows: Uint8Array): void {
  const { starts, lengths, fixedWeights, stride, count, from } = plan.horizontal;
  let to = 0;
  for (let row = plan.vertical.from; row < plan.vertical.to; row++) {
    const rowStart = (row * plan.from.width + from) * 3;
    for (let column = 0; column < count; column++) {
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      let at = rowStart + (starts[column] ?? 0) * 3;
      const end = column * stride + (lengths[column] ?? 0);
      for (let tap = column * stride; tap < end; tap++) {
        const weight = fixedWeights[tap] ?? 0;
        red = (red + Math.imul(pixels[at] ?? 0, weight)) | 0;
        green = (green + Math.imul(pixels[at + 1] ?? 0, weight)) | 0;
        blue = (blue + Math.imul(pixels[at + 2] ?? 0, weight)) | 0;
        at += 3;
      }
      rows[to] = clampByte(red >> FIXED_BITS);
      rows[to + 1] = clampByte(green >> FIXED_BITS);
      rows[to + 2] = clampByte(blue >> FIXED_BITS);
      to += 3;
    }
  }
}

function resizeGrayRows(pixels: Uint8Array, plan: CropPlan, rows: Uint8Array): void {
  const { starts, lengths, fixedWeights, stride, count, from } = plan.horizontal;
  let to = 0;
  for (let row = plan.vertical.from; row < plan.vertical.to; row++) {
    const rowStart = row * plan.from.width + from;
    for (let column = 0; column < count; column++) {
      let sum = HALF;
      let at = rowStart + (starts[column] ?? 0);
      const end = column * stride + (lengths[column] ?? 0);
      for (let tap = column * stride; tap < end; tap++) {
        sum = (sum + Math.imul(pixels[at] ?? 0, fixedWeights[tap] ?? 0)) | 0;
        at++;
      }
      rows[to] = clampByte(sum >> FIXED_BITS);
      to++;
    }
  }
}

/** `rows` begins with the first row that the axis needs; the length of `output` gives the length of a row. */
function resizeByteColumns(rows: Uint8Array, axis: ResizeAxis, output: Uint8Array): void {
  const rowLength = output.length / axis.count;
  let to = 0;
  for (let row = 0; row < axis.count; row++) {
    const firstTap = row * axis.stride;
    const end = firstTap + (axis.lengths[row] ?? 0);
    const start = (axis.starts[row] ?? 0) * rowLength;
    for (let column = 0; column < rowLength; column++) {
      let sum = HALF;
      let at = start + column;
      for (let tap = firstTap; tap < end; tap++) {
        sum = (sum + Math.imul(rows[at] ?? 0, axis.fixedWeights[tap] ?? 0)) | 0;
        at += rowLength;
      }
      output[to] = clampByte(sum >> FIXED_BITS);
      to++;
    }
  }
}

function clampByte(value: number): number {
  if (value < 0) return 0;
  return value > 255 ? 255 : value;
}

/**
 * The same resize on floats, as Pillow's mode F: sums in double precision, each pass rounded to float32.
 * One channel.
 */
export class FloatResizer {
  #rows = new Float32Array(0);
  #output = new Float32Array(0);

  /**
   * @param region the part of the picture that the plan reads, row-major without gaps: rows `vertical.from` to
   * `vertical.to`, columns `horizontal.from` to `horizontal.to`.
   * @returns the window, row-major; valid until the next call.
   */
  crop(region: Float32Array, plan: CropPlan): Float32Array {
    const rowsLength = plan.to.width * (plan.vertical.to - plan.vertical.from);
    const outputLength = plan.to.width * plan.to.height;
    if (this.#rows.length < rowsLength) this.#rows = new Float32Array(rowsLength);
    if (this.#output.length !== outputLength) this.#output = new Float32Array(outputLength);
    resizeFloatRows(region, plan, this.#rows);
    resizeFloatColumns(this.#rows, plan.vertical, this.#output);
    return this.#output;
  }
}

function resizeFloatRows(region: Float32Array, plan: CropPlan, rows: Float32Array): void {
  const { starts, lengths, weights, stride, count } = plan.horizontal;
  const width = plan.horizontal.to - plan.horizontal.from;
  const height = plan.vertical.to - plan.vertical.from;
  let to = 0;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < count; column++) {
      let sum = 0;
      let at = row * width + (starts[column] ?? 0);
      const end = column * stride + (lengths[column] ?? 0);
      for (let tap = column * stride; tap < end; tap++) {
        sum += (region[at] ?? 0) * (weights[tap] ?? 0);
        at++;
      }
      rows[to] = sum;
      to++;
    }
  }
}

function resizeFloatColumns(rows: Float32Array, axis: ResizeAxis, output: Float32Array): void {
  const rowLength = output.length / axis.count;
  let to = 0;
  for (let row = 0; row < axis.count; row++) {
    const firstTap = row * axis.stride;
    const end = firstTap + (axis.lengths[row] ?? 0);
    const start = (axis.starts[row] ?? 0) * rowLength;
    for (let column = 0; column < rowLength; column++) {
      let sum = 0;
      let at = start + column;
      for (let tap = firstTap; tap < end; tap++) {
        sum += (rows[at] ?? 0) * (axis.weights[tap] ?? 0);
        at += rowLength;
      }
      output[to] = sum;
      to++;
    }
  }
}
