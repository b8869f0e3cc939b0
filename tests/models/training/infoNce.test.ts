import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Graph } from '../../../models/onnx/graph';
import { crossEntropy, symmetricInfoNce } from '../../../models/training/infoNce';
import { Float64Graph } from '../onnx/float64Graph';
import { runGraph } from '../onnx/runModel';

/** Unit vectors at these angles. */
function directions(angles: readonly number[]): { readonly data: Float32Array; readonly shape: readonly number[] } {
  return { data: Float32Array.from(angles.flatMap((a) => [Math.cos(a), Math.sin(a)])), shape: [angles.length, 2] };
}

const EMBEDDINGS = directions([0.1, 1.2, 2.5]);
const TARGETS = directions([0.3, 0.9, 2.9]);
const NEGATIVES = directions([-1, 4]);

/**
 * torch 1.13 in float64, with e, t and n made of the angles above, y = torch.arange(3), and c of t or of t and n:
 *
 *     (0.5 * cross_entropy(s * e @ c.T, y) + 0.5 * cross_entropy(s * t @ e.T, y)).item()
 */
const FROM_TORCH = [
  { scale: 1, plain: 0.6090517030826978, withNegatives: 0.7446583378976243 },
  { scale: 1 / 0.07, plain: 0.009379815601082163, withNegatives: 0.009469391465330846 },
  // exp(100) is beyond float32: the runtime has to subtract the largest first.
  { scale: 100, plain: 1.0594488249627514e-12, withNegatives: 1.0594488249627514e-12 },
];

for (const { scale, ...expected } of FROM_TORCH) {
  test(`the loss at a scale of ${scale.toFixed(1)} is the cross entropy of torch`, async () => {
    for (const [kind, loss] of Object.entries(expected)) {
      const graph = new Graph('loss');
      const float = (name: string, shape: readonly number[]) => graph.input(name, { type: 'float32', shape });
      graph.output(
        'loss',
        symmetricInfoNce({
          embeddings: float('embeddings', [3, 2]),
          targets: float('targets', [3, 2]),
          negatives: kind === 'plain' ? undefined : float('negatives', [2, 2]),
          scale: float('scale', [1]),
        }),
      );
      const feeds = {
        embeddings: EMBEDDINGS,
        targets: TARGETS,
        scale: { data: Float32Array.of(scale), shape: [1] },
        ...(kind === 'plain' ? {} : { negatives: NEGATIVES }),
      };
      const numbers = Object.fromEntries(Object.entries(feeds).map(([name, { data }]) => [name, data]));
      const [exact] = new Float64Graph(graph).run(numbers)('loss');
      const [found] = (await runGraph(graph, feeds)).get('loss')!;
      // Inputs are float32: 6e-8 of a cosine, times the scale.
      assert.ok(Math.abs(exact! - loss) < 1e-6 * loss + 1e-13, `${exact} for ${loss}`);
      assert.ok(Math.abs(found! - loss) < 1e-7 * scale, `${found} for ${loss}`);
    }
  });
}

/** torch 1.13 in float64, with e of the angles above and k of the targets and negatives: cross_entropy(s * e @ k.T, [2, 0, 4]). */
const LABELLED_FROM_TORCH = [
  { scale: 1, loss: 1.9187832424068179 },
  { scale: 1 / 0.07, loss: 14.800861933475451 },
];

for (const { scale, loss } of LABELLED_FROM_TORCH) {
  test(`the loss of a classifier at a scale of ${scale.toFixed(1)} is the cross entropy of torch`, async () => {
    const graph = new Graph('loss');
    const float = (name: string, shape: readonly number[]) => graph.input(name, { type: 'float32', shape });
    const classes = directions([0.3, 0.9, 2.9, -1, 4]);
    const targets = directions([2.9, 0.3, 4]);
    const feeds = { embeddings: EMBEDDINGS, targets, classes, scale: { data: Float32Array.of(scale), shape: [1] } };
    graph.output(
      'loss',
      crossEntropy({
        embeddings: float('embeddings', [3, 2]),
        targets: float('targets', [3, 2]),
        classes: float('classes', [5, 2]),
        scale: float('scale', [1]),
      }),
    );
    const [found] = (await runGraph(graph, feeds)).get('loss')!;
    assert.ok(Math.abs(found! - loss) < 1e-6 * loss, `${found} for ${loss}`);
  });
}
