import { leading } from '../onnx/arrange';
import { mul } from '../onnx/elementwise';
import type { Value } from '../onnx/graph';

/** The symbol of the dynamic dimension. */
export const BATCH = 'batch';

/**
 * Zeros of shape `[batch, 1, 1]`, from any `[batch, tokens, width]`: added to a constant row they repeat it for each
 * item. Shape and Expand would do the same with integer arithmetic that splits a graph on TensorRT.
 */
export function zeroPerItem(x: Value<'float32'>): Value<'float32'> {
  return mul(leading(x, { axes: [1, 2], sizes: [1, 1] }), 0);
}
