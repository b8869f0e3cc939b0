import { concat, gather, reshape, transpose } from '../onnx/arrange';
import { add } from '../onnx/elementwise';
import type { Value } from '../onnx/graph';
import { convolution, matMul } from '../onnx/linear';
import { elementCount, fixedShape, sizeAt } from '../onnx/shape';
import { BATCH, zeroPerItem } from './batch';
import { TOWERS } from './modality';
import { EPSILON, norm } from './norm';
import type { EncoderPlan } from './plan';
import { cast32, type Weights } from './weights';

interface Sources {
  readonly plan: EncoderPlan;
  readonly weights: Weights;
}

/** Token ids, int32 `[batch, tokens]`, → tokens `[batch, tokens, width]` with their positions. */
export function textStem(ids: Value<'int32'>, { plan, weights }: Sources): Value<'float32'> {
  const { stemWeight, positions } = TOWERS[plan.modality].names;
  return add(cast32(gather(weights.table(stemWeight), ids)), weights.vector(positions));
}

/**
 * Input, float32 `[batch, …]`, → tokens `[batch, tokens, width]`, the class token first, with their positions
 * (reference/imagebind.md §1.3, steps 1 and 2).
 */
export function sensorStem(input: Value<'float32'>, { plan, weights }: Sources): Value<'float32'> {
  const { stem, names } = TOWERS[plan.modality];
  const features = stem === 'convolution' ? patches(input, { plan, weights }) : steps(input, { plan, weights });
  const tokens = norm(features, { weights, name: names.stemNorm, epsilon: EPSILON.stem });
  return add(withClassToken(tokens, { plan, weights }), weights.vector(names.positions));
}

/** One token for each position of a kernel, row by row. */
function patches(input: Value<'float32'>, { plan, weights }: Sources): Value<'float32'> {
  const weight = weights.kernel(TOWERS[plan.modality].names.stemWeight);
  const grid = convolution(input, { weight, stride: plan.stride });
  const count = elementCount(fixedShape(grid.shape.slice(2)));
  return transpose(reshape(grid, [BATCH, plan.tower.width, count]), [0, 2, 1]);
}

/** One token for each step of a series, its features channel-major: channel · kernel + sample (imagebind.md §1.3). */
function steps(input: Value<'float32'>, { plan, weights }: Sources): Value<'float32'> {
  const kernel = sizeAt(plan.stride, 0);
  const channels = sizeAt(plan.itemShape, 0);
  const count = sizeAt(plan.itemShape, 1) / kernel;
  const unfolded = transpose(reshape(input, [BATCH, channels, count, kernel]), [0, 2, 1, 3]);
  const features = reshape(unfolded, [BATCH, count, channels * kernel]);
  return matMul(features, weights.matrix(TOWERS[plan.modality].names.stemWeight));
}

function withClassToken(tokens: Value<'float32'>, { plan, weights }: Sources): Value<'float32'> {
  const { classToken } = TOWERS[plan.modality].names;
  if (classToken === undefined) return tokens;
  return concat([add(zeroPerItem(tokens), weights.vector(classToken)), tokens], { axis: 1 });
}
