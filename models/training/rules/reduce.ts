import { expanded } from '../../onnx/arrange';
import { add, div, exp, mul, sub } from '../../onnx/elementwise';
import type { Node } from '../../onnx/graph';
import { sum } from '../../onnx/reduce';
import { fixedShape, sizeAt, withDimension } from '../../onnx/shape';
import { type Float, floatAt, onlyGradient, type Rule, type RuleContext, unbroadcast } from './rule';

/** Rules of the operators that look along a dimension. */
export const reduceRules: Readonly<Record<string, Rule>> = {
  ReduceSum: (node, context) => [expanded(onlyGradient(context), fixedShape(floatAt(node.inputs, 0).shape))],
  ReduceL2: (node, context) => {
    const direction = div(floatAt(node.inputs, 0), floatAt(node.outputs, 0));
    return [mul(direction, onlyGradient(context))];
  },
  ReduceLogSumExp: (node, context) => {
    const shares = exp(sub(floatAt(node.inputs, 0), floatAt(node.outputs, 0)));
    return [mul(shares, onlyGradient(context))];
  },
  Softmax: (node, context) => {
    const shares = floatAt(node.outputs, 0);
    const flow = mul(onlyGradient(context), shares);
    return [sub(flow, mul(shares, sum(flow, { axes: [-1] })))];
  },
  LayerNormalization: layerNormalizationRule,
};

/**
 * With n = (x − mean) / deviation: the gradient of x is what flows into n, less its mean and less its share along n,
 * over the deviation.
 */
function layerNormalizationRule(node: Node, context: RuleContext): readonly (Float | undefined)[] {
  const gradient = onlyGradient(context);
  const x = floatAt(node.inputs, 0);
  const scale = floatAt(node.inputs, 1);
  const bias = floatAt(node.inputs, 2);
  const { normal, inverseDeviation } = normalised(node, x);
  return [
    context.needs(x) ? inputGradient({ gradient: mul(gradient, scale), normal, inverseDeviation }) : undefined,
    context.needs(scale) ? unbroadcast(mul(gradient, normal), scale.shape) : undefined,
    context.needs(bias) ? unbroadcast(gradient, bias.shape) : undefined,
  ];
}

interface Normalised {
  readonly normal: Float;
  /** `[…, 1]` */
  readonly inverseDeviation: Float;
}

/** The operator once more, without scale and bias: its third output is 1 / deviation. */
function normalised({ attributes }: Node, x: Float): Normalised {
  const { graph } = x;
  const width = sizeAt(x.shape, -1);
  const name = graph.nextName('LayerNormalization');
  const narrow = withDimension(x.shape, { axis: -1, dimension: 1 });
  const normal = graph.value(name, { type: 'float32', shape: x.shape });
  const mean = graph.value(`${name}_mean`, { type: 'float32', shape: narrow });
  const inverseDeviation = graph.value(`${name}_inverse`, { type: 'float32', shape: narrow });
  graph.push({
    name,
    operator: 'LayerNormalization',
    inputs: [x, graph.floats(new Float32Array(width).fill(1), [width]), graph.floats(new Float32Array(width), [width])],
    outputs: [normal, mean, inverseDeviation],
    attributes,
  });
  return { normal, inverseDeviation };
}

function inputGradient({ gradient, normal, inverseDeviation }: Normalised & { readonly gradient: Float }): Float {
  const width = sizeAt(normal.shape, -1);
  const mean = div(sum(gradient, { axes: [-1] }), width);
  const along = div(sum(mul(gradient, normal), { axes: [-1] }), width);
  return mul(sub(gradient, add(mul(normal, along), mean)), inverseDeviation);
}
