import { Random } from '../../devices/simulated/random';

/** Labelled examples; every list of features has the same length. */
export interface Labelled {
  readonly features: readonly (readonly number[])[];
  readonly labels: readonly number[];
}

/** Share of examples whose label is found. */
export type Judge = (test: Labelled) => number;

/**
 * Learns labels by gradient descent (Adam) on the cross-entropy. Without `hidden` units it is linear; with them it has
 * one layer of rectified ones.
 */
export function learn(
  train: Labelled,
  options: { readonly classes: number; readonly hidden?: number; readonly epochs: number; readonly seed?: number },
): Judge {
  const scale = standardiser(train.features);
  const inputs = train.features.map(scale);
  const random = new Random(options.seed ?? 1);
  const width = inputs[0]!.length;
  const layers =
    options.hidden === undefined
      ? [new Layer(width, options.classes, random)]
      : [new Layer(width, options.hidden, random), new Layer(options.hidden, options.classes, random)];
  const order = inputs.map((_, index) => index);
  for (let epoch = 0; epoch < options.epochs; epoch++) {
    const rate = (options.hidden === undefined ? 0.02 : 0.003) * (1 - epoch / options.epochs);
    const shuffled = random.shuffled(order);
    for (let start = 0; start < shuffled.length; start += BATCH) {
      for (const index of shuffled.slice(start, start + BATCH)) backward(layers, inputs[index]!, train.labels[index]!);
      for (const layer of layers) layer.step(rate);
    }
  }
  return (test) => {
    const right = test.features.filter((features, index) => {
      const scores = forward(layers, scale(features)).at(-1)!;
      return scores.indexOf(Math.max(...scores)) === test.labels[index];
    });
    return right.length / test.features.length;
  };
}

const BATCH = 32;
const DECAY = 1e-3;

class Layer {
  readonly weights: Float64Array;
  readonly gradient: Float64Array;
  readonly #first: Float64Array;
  readonly #second: Float64Array;
  #steps = 0;

  constructor(
    readonly inputs: number,
    readonly outputs: number,
    random: Random,
  ) {
    const size = (inputs + 1) * outputs;
    this.weights = Float64Array.from({ length: size }, () => random.bell() / Math.sqrt(inputs));
    this.gradient = new Float64Array(size);
    this.#first = new Float64Array(size);
    this.#second = new Float64Array(size);
  }

  apply(input: Float64Array): Float64Array {
    const { inputs, outputs, weights } = this;
    const output = new Float64Array(outputs);
    for (let unit = 0; unit < outputs; unit++) {
      let sum = weights[unit * (inputs + 1) + inputs]!;
      for (let at = 0; at < inputs; at++) sum += weights[unit * (inputs + 1) + at]! * input[at]!;
      output[unit] = sum;
    }
    return output;
  }

  step(rate: number): void {
    this.#steps++;
    const correction = rate * (Math.sqrt(1 - 0.999 ** this.#steps) / (1 - 0.9 ** this.#steps));
    for (let at = 0; at < this.weights.length; at++) {
      const slope = this.gradient[at]! / BATCH;
      this.#first[at] = 0.9 * this.#first[at]! + 0.1 * slope;
      this.#second[at] = 0.999 * this.#second[at]! + 0.001 * slope * slope;
      const change = (correction * this.#first[at]!) / (Math.sqrt(this.#second[at]!) + 1e-8);
      this.weights[at] = this.weights[at]! * (1 - rate * DECAY) - change;
    }
    this.gradient.fill(0);
  }
}

/** What each layer gets, and what comes out in the end. */
function forward(layers: readonly Layer[], input: Float64Array): Float64Array[] {
  const values = [input];
  layers.forEach((layer, index) => {
    const output = layer.apply(values.at(-1)!);
    values.push(index < layers.length - 1 ? output.map((value) => Math.max(0, value)) : output);
  });
  return values;
}

function backward(layers: readonly Layer[], input: Float64Array, label: number): void {
  const values = forward(layers, input);
  const scores = values.at(-1)!;
  const most = Math.max(...scores);
  const shares = scores.map((score) => Math.exp(score - most));
  const total = shares.reduce((sum, share) => sum + share, 0);
  let slope = shares.map((share, unit) => share / total - (unit === label ? 1 : 0));
  for (let index = layers.length - 1; index >= 0; index--) {
    const { inputs, outputs, weights, gradient } = layers[index]!;
    const from = values[index]!;
    const before = new Float64Array(inputs);
    for (let unit = 0; unit < outputs; unit++) {
      const row = unit * (inputs + 1);
      for (let at = 0; at < inputs; at++) {
        gradient[row + at] = gradient[row + at]! + slope[unit]! * from[at]!;
        if (from[at]! > 0) before[at] = before[at]! + slope[unit]! * weights[row + at]!;
      }
      gradient[row + inputs] = gradient[row + inputs]! + slope[unit]!;
    }
    slope = before;
  }
}

function standardiser(features: readonly (readonly number[])[]): (list: readonly number[]) => Float64Array {
  const width = features[0]!.length;
  const mean = new Float64Array(width);
  const deviation = new Float64Array(width);
  for (const list of features) for (let at = 0; at < width; at++) mean[at] = mean[at]! + list[at]! / features.length;
  for (const list of features)
    for (let at = 0; at < width; at++) deviation[at] = deviation[at]! + (list[at]! - mean[at]!) ** 2;
  const scale = deviation.map((squares) => 1 / Math.sqrt(squares / features.length + 1e-9));
  return (list) => Float64Array.from(list, (value, at) => (value - mean[at]!) * scale[at]!);
}
