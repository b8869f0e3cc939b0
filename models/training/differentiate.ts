import { add } from '../onnx/elementwise';
import type { Graph, Node, Value } from '../onnx/graph';
import { elementCount, fixedShape, formatShape, graphInvalid } from '../onnx/shape';
import { arrangeRules } from './rules/arrange';
import { elementwiseRules } from './rules/elementwise';
import { linearRules } from './rules/linear';
import { reduceRules } from './rules/reduce';
import { type Float, type Gradient, isFloat, type Rule } from './rules/rule';

/** How gradients flow back, by operator: the only list. */
export const GRADIENT_RULES: ReadonlyMap<string, Rule> = new Map(
  Object.entries({ ...elementwiseRules, ...linearRules, ...reduceRules, ...arrangeRules }),
);

/**
 * Appends to the graph of `loss` the gradient of it by each of `parameters` (reverse mode), and returns those.
 *
 * All shapes must be numbers (bindDimensions.ts).
 *
 * @param loss - One element.
 * @param parameters - Inputs or initialisers, of one dimension or more.
 * @throws {SensebindError} `GRAPH_INVALID` for a loss of more elements, for an operator without a rule between a parameter and the loss, and for a
 * parameter that the loss does not depend on.
 */
export function differentiate(loss: Float, parameters: readonly Float[]): readonly Float[] {
  const { graph } = loss;
  if (elementCount(fixedShape(loss.shape)) !== 1) {
    throw graphInvalid(`Expected a loss of one element, found ${formatShape(loss.shape)}`);
  }
  const nodes = [...graph.nodes];
  const learnt = dependents(graph, nodes, parameters);
  const gradients = new Map<Value, Float>([
    [
      loss,
      graph.floats(
        [1],
        loss.shape.map(() => 1),
      ),
    ],
  ]);
  for (const node of nodes.toReversed()) {
    const upstream = node.outputs.map((output) => gradients.get(output));
    if (upstream.every((gradient) => gradient === undefined) || !node.inputs.some((input) => learnt.has(input)))
      continue;
    const flows = ruleOf(node)(node, { upstream, needs: (input) => input !== undefined && learnt.has(input) });
    node.inputs.forEach((input, index) => {
      if (learnt.has(input)) collect(gradients, input, flows[index]);
    });
  }
  return parameters.map((parameter) => {
    const gradient = gradients.get(parameter);
    if (gradient === undefined) throw graphInvalid(`The loss does not depend on ${parameter.name}`);
    return gradient;
  });
}

function ruleOf({ operator }: Node): Rule {
  const rule = GRADIENT_RULES.get(operator);
  if (rule === undefined) throw graphInvalid(`Expected an operator with a gradient rule, found ${operator}`);
  return rule;
}

function collect(gradients: Map<Value, Float>, input: Value, flow: Gradient): void {
  if (flow === undefined) return;
  const known = gradients.get(input);
  gradients.set(input, known === undefined ? flow : add(known, flow));
}

/** Every float value that changes with a parameter. */
function dependents(graph: Graph, nodes: readonly Node[], parameters: readonly Float[]): ReadonlySet<Value> {
  const zeros = new Set<Value>(
    graph.initializers
      .filter(({ content }) => content.kind === 'inline' && content.data.every((element) => element === 0))
      .map(({ value }) => value),
  );
  const learnt = new Set<Value>(parameters);
  // A parameter that starts from zero does not stay there.
  for (const parameter of parameters) zeros.delete(parameter);
  for (const { operator, inputs, outputs } of nodes) {
    // What is multiplied by zero, to repeat a row for each item, takes no gradient.
    const severed = operator === 'Mul' && inputs.some((input) => zeros.has(input));
    if (severed || !inputs.some((input) => learnt.has(input))) continue;
    for (const output of outputs.filter(isFloat)) learnt.add(output);
  }
  return learnt;
}
