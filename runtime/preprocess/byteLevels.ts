/**
 * What each of the 256 levels of an 8-bit channel becomes: `(level / 255 - mean) / std`, rounded to float32 after each
 * step as PyTorch does, so that a tensor equals the reference to the bit.
 */
export function byteLevels(mean: number, std: number): Float32Array {
  const levels = new Float32Array(256);
  const roundedMean = Math.fround(mean);
  const roundedStd = Math.fround(std);
  for (let level = 0; level < 256; level++) {
    const scaled = Math.fround(level / 255);
    levels[level] = Math.fround(scaled - roundedMean) / roundedStd;
  }
  return levels;
}

/** CLIP's statistics of red, green and blue (reference/imagebind.md §2.1). */
export const CLIP_MEAN: readonly [number, number, number] = [0.48145466, 0.4578275, 0.40821073];
export const CLIP_STD: readonly [number, number, number] = [0.26862954, 0.26130258, 0.27577711];
