import { concat } from '../onnx/arrange';
import { add, mul, sub } from '../onnx/elementwise';
import { matMul } from '../onnx/linear';
import { logSumExp, sum } from '../onnx/reduce';
import { sizeAt } from '../onnx/shape';
import { type Float, transposedMatrix } from './rules/rule';

/** What a contrastive loss is made of: unit vectors, `[batch, dimensions]`. */
export interface Pairs {
  /** Row i belongs to row i of `targets`, and to no other. */
  readonly embeddings: Float;
  readonly targets: Float;
  /**
   * Further embeddings, `[count, dimensions]`: stored ones of frozen towers cost next to nothing. One that equals a row's
   * own target does no harm: the same vector never pushes the row away from itself.
   */
  readonly negatives?: Float | undefined;
  /** Multiplies every cosine: 1 / temperature. One element. */
  readonly scale: Float;
}

/**
 * Symmetric InfoNCE (arXiv 2305.05665, equation 1 with L of both directions averaged): `[1, 1]`.
 *
 * The mean over the batch of −log softmax of the right pair among all pairs of its row, and of its column.
 */
export function symmetricInfoNce({ embeddings, targets, negatives, scale }: Pairs): Float {
  const candidates = negatives === undefined ? targets : concat([targets, negatives], { axis: 0 });
  const right = mul(sum(mul(embeddings, targets), { axes: [1] }), scale);
  const rows = logSumExp(mul(matMul(embeddings, transposedMatrix(candidates)), scale));
  const columns = logSumExp(mul(matMul(targets, transposedMatrix(embeddings)), scale));
  const doubled = sub(add(rows, columns), add(right, right));
  return mul(sum(doubled, { axes: [0, 1] }), 0.5 / sizeAt(embeddings.shape, 0));
}

/** What a supervised loss is made of: unit vectors. */
export interface Classified {
  /** `[batch, dimensions]` */
  readonly embeddings: Float;
  /** The vector of each row's class, `[batch, dimensions]`. */
  readonly targets: Float;
  /** The vectors of all classes, `[classes, dimensions]`. */
  readonly classes: Float;
  readonly scale: Float;
}

/** Cross-entropy of a classifier whose weights are fixed vectors, its scores cosines times the scale: `[1, 1]`. */
export function crossEntropy({ embeddings, targets, classes, scale }: Classified): Float {
  const right = mul(sum(mul(embeddings, targets), { axes: [1] }), scale);
  const all = logSumExp(mul(matMul(embeddings, transposedMatrix(classes)), scale));
  return mul(sum(sub(all, right), { axes: [0, 1] }), 1 / sizeAt(embeddings.shape, 0));
}
