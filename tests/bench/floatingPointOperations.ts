import { IMAGEBIND_HUGE } from '../../models/imagebind/layout';
import type { ImagebindModality } from '../../models/imagebind/modality';

/**
 * Floating-point operations of one full-size encoder for one item: two a multiply-accumulate, matrix products and
 * convolution only (reference/imagebind.md §1.1, row "GFLOP per item").
 */
export function floatingPointOperations(modality: ImagebindModality): number {
  const { output, towers } = IMAGEBIND_HUGE;
  const { width, hidden, blocks, tokens, stem } = towers[modality];
  const keys = tokens + (modality === 'vision' || modality === 'text' ? 0 : 1);
  // A table of words is looked up, not multiplied.
  const stemProducts =
    modality === 'text' ? 0 : (tokens - 1) * width * stem.reduce((product, size) => product * size, 1);
  const linear = tokens * width * (4 * width + 2 * hidden);
  const attention = 2 * tokens * keys * width;
  return 2 * (blocks * (linear + attention) + stemProducts + width * output);
}
