import { cast, div, exp, greater, mul, neg } from '../../onnx/elementwise';
import type { Node } from '../../onnx/graph';
import { type Float, floatAt, type Gradient, onlyGradient, type Rule, type RuleContext, unbroadcast } from './rule';

/** d erf(x) / dx = 2/√π · exp(−x²). */
const ERF_SLOPE = 2 / Math.sqrt(Math.PI);

/** Rules of operators that work element by element, operands broadcast. */
export const elementwiseRules: Readonly<Record<string, Rule>> = {
  Identity: (_node, context) => [onlyGradient(context)],
  Add: (node, context) => both(node, context, { left: (d) => d, right: (d) => d }),
  Sub: (node, context) => both(node, context, { left: (d) => d, right: neg }),
  Mul: (node, context) => {
    const [a, b] = operands(node);
    return both(node, context, { left: (d) => mul(d, b), right: (d) => mul(d, a) });
  },
  Div: (node, context) => {
    const [, b] = operands(node);
    const quotient = floatAt(node.outputs, 0);
    return both(node, context, { left: (d) => div(d, b), right: (d) => neg(mul(div(d, b), quotient)) });
  },
  // Where both are equal, nothing flows back: the places where that happens have no gradient.
  Max: (node, context) => {
    const [a, b] = operands(node);
    const where = (larger: Float, smaller: Float, d: Float): Float => mul(d, cast(greater(larger, smaller), 'float32'));
    return both(node, context, { left: (d) => where(a, b, d), right: (d) => where(b, a, d) });
  },
  Neg: (_node, context) => [neg(onlyGradient(context))],
  Exp: (node, context) => [mul(onlyGradient(context), floatAt(node.outputs, 0))],
  Log: (node, context) => [div(onlyGradient(context), floatAt(node.inputs, 0))],
  Erf: (node, context) => {
    const x = floatAt(node.inputs, 0);
    return [mul(onlyGradient(context), mul(exp(neg(mul(x, x))), ERF_SLOPE))];
  },
};

interface Flows {
  readonly left: (gradient: Float) => Float;
  readonly right: (gradient: Float) => Float;
}

function operands(node: Node): readonly [Float, Float] {
  return [floatAt(node.inputs, 0), floatAt(node.inputs, 1)];
}

/** What flows back to each of two operands that needs it, in its own shape. */
function both(node: Node, context: RuleContext, { left, right }: Flows): readonly Gradient[] {
  const gradient = onlyGradient(context);
  const [a, b] = operands(node);
  return [
    context.needs(a) ? unbroadcast(left(gradient), a.shape) : undefined,
    context.needs(b) ? unbroadcast(right(gradient), b.shape) : undefined,
  ];
}
