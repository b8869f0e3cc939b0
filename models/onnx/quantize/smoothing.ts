/** How the size of outliers is shared out: 0 leaves it all to the activations, 1 to the weights (reference/onnxruntime.md §2). */
export const SMOOTHING = 0.5;

/** Factors beyond these would only make up for channels that never carry anything. */
const MOST = 2 ** 16;

/**
 * SmoothQuant's factor of each channel, `activation^α / weight^(1−α)` (Xiao et al. 2023, arXiv:2211.10438, eq. 4): the
 * LayerNorm's scale and bias are divided by it, the channel's row of weights is multiplied, and the product is as before.
 *
 * @param activations - Largest magnitude of each channel on calibration inputs.
 * @param weights - Largest magnitude of each channel's row of weights.
 */
export function smoothingFactors(activations: Float32Array, weights: Float32Array): Float32Array {
  return activations.map((activation, channel) => {
    const weight = weights[channel] ?? 0;
    if (!(activation > 0) || !(weight > 0)) return 1;
    const factor = activation ** SMOOTHING / weight ** (1 - SMOOTHING);
    return Math.min(Math.max(factor, 1 / MOST), MOST);
  });
}
