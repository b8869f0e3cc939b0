import { leading, reshape } from '../onnx/arrange';
import { cast, div, equal, max } from '../onnx/elementwise';
import type { Value } from '../onnx/graph';
import { matMul } from '../onnx/linear';
import { argMax, length } from '../onnx/reduce';
import { sizeAt } from '../onnx/shape';
import { BATCH } from './batch';
import { TOWERS } from './modality';
import { EPSILON, norm } from './norm';
import type { EncoderPlan } from './plan';
import type { Weights } from './weights';

/** The reference never divides by less (reference/imagebind.md §1.3, step 6). */
const SMALLEST_LENGTH = 1e-12;

/** The first token of `[batch, tokens, width]`: `[batch, width]`. */
export function firstToken(x: Value<'float32'>): Value<'float32'> {
  return reshape(leading(x, { axes: [1], sizes: [1] }), [BATCH, sizeAt(x.shape, 2)]);
}

/**
 * The token at the end of each text, which is where the largest id stands; padding after it is 0 (imagebind.md §1.3).
 *
 * A product with a row of zeros and one 1 picks it exactly, in operators that every runtime has for a dynamic batch.
 *
 * @param ids - int32 `[batch, tokens]`. As float32 they are exact up to 2²⁴, and ArgMax is then known to TensorRT 8.
 */
export function endOfText(x: Value<'float32'>, ids: Value<'int32'>): Value<'float32'> {
  const tokens = sizeAt(x.shape, 1);
  const places = x.graph.integers([...Array(tokens).keys()], [tokens]);
  const end = cast(argMax(cast(ids, 'float32')), 'int32');
  const picks = reshape(cast(equal(places, end), 'float32'), [BATCH, 1, tokens]);
  return reshape(matMul(picks, x), [BATCH, sizeAt(x.shape, 2)]);
}

/** One token per item → unit embedding `[batch, dimensions]` (reference/imagebind.md §1.3, steps 5 and 6). */
export function head(
  token: Value<'float32'>,
  { plan, weights }: { readonly plan: EncoderPlan; readonly weights: Weights },
): Value<'float32'> {
  const { headNorm, headWeight } = TOWERS[plan.modality].names;
  const normal = norm(token, { weights, name: headNorm, epsilon: EPSILON.elsewhere });
  const embedding = matMul(normal, weights.matrix(headWeight));
  return div(embedding, max(length(embedding), SMALLEST_LENGTH));
}
