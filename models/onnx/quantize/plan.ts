import { Scratch } from '../../streaming/scratch';
import type { Layer } from './layers';
import { columnMagnitudes, rowMagnitudes, scalesFor } from './packing';
import { smoothingFactors } from './smoothing';
import type { StoredNumbers } from './storedNumbers';

/** How one layer becomes int8. */
export interface LayerPlan {
  readonly layer: Layer;
  /** One a column of a linear layer, one a row of a table. */
  readonly scales: Float32Array;
  /** Of the rows of a linear layer that a LayerNorm feeds. */
  readonly smoothing: Float32Array | undefined;
}

/** Plans of layers, by name. */
export type LayerPlans = ReadonlyMap<string, LayerPlan>;

/**
 * Reads the weights of each layer once and works out its scales.
 *
 * @param magnitudes - Largest magnitude of each channel that goes into a layer, by the layer's name, from calibration.
 */
export async function planLayers(
  layers: readonly Layer[],
  {
    numbers,
    magnitudes,
    signal,
  }: {
    readonly numbers: StoredNumbers;
    readonly magnitudes: ReadonlyMap<string, Float32Array>;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<LayerPlans> {
  const plans = new Map<string, LayerPlan>();
  const scratch = new Scratch();
  for (const layer of layers) {
    signal?.throwIfAborted();
    const weights = await numbers.floats(layer.weight, scratch);
    plans.set(layer.name, planLayer(layer, { weights, activations: magnitudes.get(layer.name) }));
    scratch.release();
  }
  return plans;
}

function planLayer(
  layer: Layer,
  { weights, activations }: { readonly weights: Float32Array; readonly activations: Float32Array | undefined },
): LayerPlan {
  const ofRows = rowMagnitudes(weights, layer);
  if (layer.kind === 'table') return { layer, scales: scalesFor(ofRows), smoothing: undefined };
  const smoothing =
    layer.norm === undefined || activations === undefined ? undefined : smoothingFactors(activations, ofRows);
  return { layer, scales: scalesFor(columnMagnitudes(weights, { ...layer, factors: smoothing })), smoothing };
}
