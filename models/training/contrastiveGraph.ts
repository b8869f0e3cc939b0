import { BATCH } from '../imagebind/batch';
import { encode } from '../imagebind/encoder';
import { type TensorLayout, towerLayout } from '../imagebind/layout';
import { LearntWeights } from '../imagebind/learntWeights';
import { TOWERS } from '../imagebind/modality';
import type { EncoderPlan } from '../imagebind/plan';
import { reshape } from '../onnx/arrange';
import { exp } from '../onnx/elementwise';
import { Graph, type Value } from '../onnx/graph';
import { elementCount, fixedShape, graphInvalid } from '../onnx/shape';
import { bindDimensions } from './bindDimensions';
import { differentiate } from './differentiate';
import { crossEntropy, symmetricInfoNce } from './infoNce';
import { type Float, isFloat } from './rules/rule';

/** Names of the inputs and outputs of training graphs, beside the modalities. */
export const FEEDS = { parameters: 'parameters', targets: 'targets', negatives: 'negatives' } as const;
export const FETCHES = { loss: 'loss', gradient: 'gradient', embedding: 'embedding' } as const;

/** What is learnt of an encoder: the tensors of its layout but for the mask, which is a constant. */
export function learntLayout({ modality, tower, dimensions }: EncoderPlan): readonly TensorLayout[] {
  const { mask } = TOWERS[modality].names;
  return towerLayout(modality, { ...tower, output: dimensions }).filter(({ name }) => name !== mask);
}

/** An encoder whose parameters are an input: to embed with what has been learnt so far. Any batch. */
export function learntEncoder(plan: EncoderPlan): Graph {
  const graph = new Graph(plan.modality);
  const weights = new LearntWeights(graph, { name: FEEDS.parameters, layout: learntLayout(plan) });
  graph.output(FETCHES.embedding, encode(graph, { plan, weights, input: plan.modality }));
  return graph;
}

/**
 * Two encoders that learn from each other: inputs `parameters` (of both, one after the other) and one named after each
 * modality; outputs `loss` and `gradient`. The temperature is the one of an encoder that has one, and is learnt.
 */
export function pairTrainingGraph(
  [left, right]: readonly [EncoderPlan, EncoderPlan],
  { batch }: { readonly batch: number },
): Graph {
  const graph = new Graph(`${left.modality}_${right.modality}`);
  const layout = [...learntLayout(left), ...learntLayout(right)];
  const weights = new LearntWeights(graph, { name: FEEDS.parameters, layout });
  graph.output('left', encode(graph, { plan: left, weights, input: left.modality }));
  graph.output('right', encode(graph, { plan: right, weights, input: right.modality }));
  graph.output('scale', exp(weights.vector(temperatureOf([left, right]))));
  return withGradient(graph, batch, (value) =>
    symmetricInfoNce({ embeddings: value('left'), targets: value('right'), scale: value('scale') }),
  );
}

/**
 * An encoder that learns from stored embeddings of a frozen one: inputs `parameters`, the modality, `targets` `[batch,
 * dimensions]` and `negatives` `[negatives, dimensions]`; outputs `loss` and `gradient`.
 */
export function bindingTrainingGraph(
  plan: EncoderPlan,
  { batch, negatives }: { readonly batch: number; readonly negatives: number },
): Graph {
  const forward = forwardWithTargets(plan, negatives);
  return withGradient(forward, batch, (value) =>
    symmetricInfoNce({
      embeddings: value('embeddings'),
      targets: value(FEEDS.targets),
      negatives: negatives > 0 ? value(FEEDS.negatives) : undefined,
      scale: value('scale'),
    }),
  );
}

/**
 * An encoder that learns from labels, to compare with: inputs `parameters`, the modality, `targets` with the vector of
 * each item's class, and `negatives` with the vectors of all `classes`; outputs `loss` and `gradient`.
 */
export function classifyingTrainingGraph(
  plan: EncoderPlan,
  { batch, classes }: { readonly batch: number; readonly classes: number },
): Graph {
  return withGradient(forwardWithTargets(plan, classes), batch, (value) =>
    crossEntropy({
      embeddings: value('embeddings'),
      targets: value(FEEDS.targets),
      classes: value(FEEDS.negatives),
      scale: value('scale'),
    }),
  );
}

function forwardWithTargets(plan: EncoderPlan, negatives: number): Graph {
  const graph = new Graph(plan.modality);
  const weights = new LearntWeights(graph, { name: FEEDS.parameters, layout: learntLayout(plan) });
  graph.output('embeddings', encode(graph, { plan, weights, input: plan.modality }));
  graph.output('scale', exp(weights.vector(temperatureOf([plan]))));
  graph.input(FEEDS.targets, { type: 'float32', shape: [BATCH, plan.dimensions] });
  if (negatives > 0) graph.input(FEEDS.negatives, { type: 'float32', shape: [negatives, plan.dimensions] });
  return graph;
}

function withGradient(forward: Graph, batch: number, lossOf: (value: (name: string) => Float) => Float): Graph {
  const graph = bindDimensions(forward, { [BATCH]: batch });
  const value = (name: string): Float => floatNamed([...graph.inputs, ...graph.outputs], name);
  const loss = lossOf(value);
  const [gradient] = differentiate(loss, [value(FEEDS.parameters)]);
  if (gradient === undefined) throw graphInvalid('Expected a gradient');
  graph.output(FETCHES.loss, reshape(loss, [elementCount(fixedShape(loss.shape))]));
  graph.output(FETCHES.gradient, gradient);
  return graph;
}

function floatNamed(values: readonly Value[], wanted: string): Float {
  const value = values.find(({ name }) => name === wanted);
  if (value === undefined || !isFloat(value)) throw graphInvalid(`Expected a float32 value named ${wanted}`);
  return value;
}

function temperatureOf(plans: readonly EncoderPlan[]): string {
  const [name] = plans.flatMap(({ modality }) => TOWERS[modality].names.logitScale ?? []);
  if (name === undefined) throw graphInvalid('Expected an encoder with a temperature');
  return name;
}
