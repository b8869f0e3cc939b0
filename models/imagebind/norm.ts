import type { Value } from '../onnx/graph';
import { layerNormalization } from '../onnx/reduce';
import type { Weights } from './weights';

/** LayerNorm epsilon, by place (reference/imagebind.md §1.2). */
export const EPSILON = { stem: 1e-5, elsewhere: 1e-6 } as const;

/** LayerNorm with the scale and bias that the checkpoint holds under `name`; nothing where the tower has no such norm. */
export function norm(
  x: Value<'float32'>,
  {
    weights,
    name,
    epsilon,
  }: { readonly weights: Weights; readonly name: string | undefined; readonly epsilon: number },
): Value<'float32'> {
  if (name === undefined) return x;
  const scale = weights.vector(`${name}.weight`);
  const bias = weights.vector(`${name}.bias`);
  return layerNormalization(x, { scale, bias, epsilon });
}
