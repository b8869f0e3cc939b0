import { concat, reshape, thirds, transpose } from '../onnx/arrange';
import { add, div, erf, mul } from '../onnx/elementwise';
import type { Value } from '../onnx/graph';
import { matMul } from '../onnx/linear';
import { softmax } from '../onnx/reduce';
import { sizeAt } from '../onnx/shape';
import { BATCH, zeroPerItem } from './batch';
import { type BlockNames, blockNames, TOWERS } from './modality';
import { EPSILON, norm } from './norm';
import type { EncoderPlan } from './plan';
import type { Weights } from './weights';

/**
 * Added to the scores of later tokens: after softmax they are 0 in float32, and unlike −∞ it is finite in float16
 * (reference/onnxruntime.md §1).
 */
const MASKED = -1e4;

interface Sources {
  readonly plan: EncoderPlan;
  readonly weights: Weights;
}

interface Attention extends Sources {
  readonly block: BlockNames;
  /** `[batch, 1, 1]` of zeros, where keys and values get a learnt row. */
  readonly zero: Value<'float32'> | undefined;
  /** `[tokens, tokens]`, added to the scores. */
  readonly mask: Value<'float32'> | undefined;
}

/** Pre-norm transformer blocks over `[batch, tokens, width]` (reference/imagebind.md §1.3, steps 3 and 4). */
export function trunk(tokens: Value<'float32'>, { plan, weights }: Sources): Value<'float32'> {
  const { names, keyValueBias, stem } = TOWERS[plan.modality];
  const start = norm(tokens, { weights, name: names.trunkNorm, epsilon: EPSILON.elsewhere });
  const zero = keyValueBias ? zeroPerItem(start) : undefined;
  const mask = stem === 'vocabulary' ? causalMask(start) : undefined;
  return Array.from({ length: plan.tower.blocks }, (_, index) => blockNames(plan.modality, index)).reduce(
    (x, block) => {
      const attended = add(x, attention(x, { plan, weights, block, zero, mask }));
      return add(attended, perceptron(attended, { weights, block }));
    },
    start,
  );
}

function causalMask({ graph, shape }: Value<'float32'>): Value<'float32'> {
  const length = sizeAt(shape, 1);
  const rows = Array.from({ length }, (_, query) =>
    Array.from({ length }, (_unused, key) => (key > query ? MASKED : 0)),
  );
  return graph.floats(rows.flat(), [length, length]);
}

function attention(x: Value<'float32'>, { plan, weights, block, zero, mask }: Attention): Value<'float32'> {
  const normal = norm(x, { weights, name: block.attentionNorm, epsilon: EPSILON.elsewhere });
  const [query, key, value] = thirds(packedProjection(normal, { plan, weights, block }), { axis: 2 });
  const keys = withRow(key, { weights, zero, name: block.keyBias });
  const values = withRow(value, { weights, zero, name: block.valueBias });
  const products = matMul(inHeads(query, { plan, order: [0, 2, 1, 3] }), inHeads(keys, { plan, order: [0, 2, 3, 1] }));
  const shares = softmax(mask === undefined ? products : add(products, mask));
  const mixed = transpose(matMul(shares, inHeads(values, { plan, order: [0, 2, 1, 3] })), [0, 2, 1, 3]);
  return linear(reshape(mixed, x.shape), { weights, weight: block.outputWeight, bias: block.outputBias });
}

/** Query, key and value side by side; the scale 1/√(head width) of the scores is folded into the query's weights. */
function packedProjection(
  x: Value<'float32'>,
  { plan, weights, block }: Sources & { readonly block: BlockNames },
): Value<'float32'> {
  const { width } = plan.tower;
  const factor = 1 / Math.sqrt(width / plan.heads);
  const weight = weights.matrix(block.packedWeight, { factor, count: width * width });
  return add(matMul(x, weight), weights.vector(block.packedBias, { factor, count: width }));
}

/** Appends the learnt row that keys and values of some towers have (`add_bias_kv`, reference/imagebind.md §1.4). */
function withRow(
  x: Value<'float32'>,
  {
    weights,
    zero,
    name,
  }: { readonly weights: Weights; readonly zero: Value<'float32'> | undefined; readonly name: string | undefined },
): Value<'float32'> {
  if (zero === undefined || name === undefined) return x;
  return concat([x, add(zero, weights.vector(name))], { axis: 1 });
}

/** `[batch, tokens, width]` → `[batch, tokens, heads, head width]`, in another order of axes. */
function inHeads(
  x: Value<'float32'>,
  { plan, order }: { readonly plan: EncoderPlan; readonly order: readonly number[] },
): Value<'float32'> {
  const { heads, tower } = plan;
  return transpose(reshape(x, [BATCH, sizeAt(x.shape, 1), heads, tower.width / heads]), order);
}

function perceptron(
  x: Value<'float32'>,
  { weights, block }: { readonly weights: Weights; readonly block: BlockNames },
): Value<'float32'> {
  const normal = norm(x, { weights, name: block.hiddenNorm, epsilon: EPSILON.elsewhere });
  const hidden = gelu(linear(normal, { weights, weight: block.expandWeight, bias: block.expandBias }));
  return linear(hidden, { weights, weight: block.contractWeight, bias: block.contractBias });
}

/** Exact GELU, x · (1 + erf(x / √2)) / 2, in the form that runtimes recognise and fuse (reference/onnxruntime.md §1). */
function gelu(x: Value<'float32'>): Value<'float32'> {
  return mul(mul(x, add(erf(div(x, Math.SQRT2)), 1)), 0.5);
}

function linear(
  x: Value<'float32'>,
  { weights, weight, bias }: { readonly weights: Weights; readonly weight: string; readonly bias: string },
): Value<'float32'> {
  return add(matMul(x, weights.matrix(weight)), weights.vector(bias));
}
