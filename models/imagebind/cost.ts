import { elementCount } from '../checkpoint/elementOrder';
import { IMAGEBIND_HUGE, type ImagebindDimensions, imagebindLayout } from './layout';
import type { ImagebindModality } from './modality';

/**
 * Floating-point operations of one encoder for one item: two a multiply-accumulate, matrix products and convolution only
 * (reference/imagebind.md §1.1, row "GFLOP per item"). Sound takes as many items a window as its variant has clips.
 */
export function floatingPointOperations(
  modality: ImagebindModality,
  { output, towers }: ImagebindDimensions = IMAGEBIND_HUGE,
): number {
  const { width, hidden, blocks, tokens, stem } = towers[modality];
  const keys = tokens + (modality === 'vision' || modality === 'text' ? 0 : 1);
  // A table of words is looked up, not multiplied.
  const stemProducts =
    modality === 'text' ? 0 : (tokens - 1) * width * stem.reduce((product, size) => product * size, 1);
  const linear = tokens * width * (4 * width + 2 * hidden);
  const attention = 2 * tokens * keys * width;
  return 2 * (blocks * (linear + attention) + stemProducts + width * output);
}

/** Numbers in the tensors of one encoder. */
export function parameterCount(modality: ImagebindModality, dimensions: ImagebindDimensions = IMAGEBIND_HUGE): number {
  return imagebindLayout(dimensions, [modality]).reduce((sum, { shape }) => sum + elementCount(shape), 0);
}
