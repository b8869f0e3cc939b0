/** How the size of outliers is shared out: 0 leaves it all to the activations, 1 to the weights (reference/onnxruntime.md §2). */
export const SMOOTHING = 0.5;

/** Beyond it a channel is as good as gone. */
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
    // It never carried anything: nothing is known of its size.
    if (!(activation > 0)) return 1;
    // Infinite where nothing listens to the channel, which then takes no room of the others' scale.
    const factor = activation ** SMOOTHING / (weights[channel] ?? 0) ** (1 - SMOOTHING);
    return Math.min(Math.max(factor, 1 / MOST), MOST);
  });
}
