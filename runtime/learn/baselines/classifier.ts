import { setImmediate } from 'node:timers/promises';
import { Random } from '../../../devices/simulated/random';

/** Labelled examples; every list of features has the same length. */
export interface Labelled {
  readonly features: readonly (readonly number[])[];
  readonly labels: readonly number[];
}

export interface ClassifierOptions {
  readonly classes: number;
  /** Rectified units of a hidden layer. Left out: a linear classifier. */
  readonly hidden?: number;
  readonly epochs: number;
  readonly seed?: number;
}

const BATCH = 32;
const DECAY = 1e-3;

/**
 * Learns labels by gradient descent (Adam) on the cross-entropy, features brought to mean 0 and deviation 1. Without
 * hidden units it is linear; with them it has one layer of rectified ones. For comparison with what a model does without
 * labels, and to find out whether the simulated world gives them away.
 */
export class Classifier {
  readonly #scale: Scale;
  readonly #inputs: readonly Float64Array[];
  readonly #labels: readonly number[];
  readonly #layers: readonly Layer[];
  readonly #random: Random;
  readonly #options: ClassifierOptions;
  #epoch = -1;
  #left: number[] = [];

  constructor(train: Labelled, options: ClassifierOptions) {
    const { classes, hidden, seed = 1 } = options;
    this.#scale = new Scale(train.features);
    this.#inputs = train.features.map((features) => this.#scale.apply(features));
    this.#labels = train.labels;
    this.#random = new Random(seed);
    this.#options = options;
    const width = this.#inputs[0]?.length ?? 0;
    this.#layers =
      hidden === undefined
        ? [new Layer(width, classes, this.#random)]
        : [new Layer(width, hidden, this.#random), new Layer(hidden, classes, this.#random)];
  }

  /** Learns from the next few examples; false when it has learnt all that it will. */
  step(): boolean {
    if (this.#left.length === 0) {
      this.#epoch++;
      if (this.#epoch >= this.#options.epochs) return false;
      this.#left = this.#random.shuffled([...this.#inputs.keys()]);
    }
    const rate = (this.#options.hidden === undefined ? 0.02 : 0.003) * (1 - this.#epoch / this.#options.epochs);
    for (const index of this.#left.splice(0, BATCH)) {
      backward(this.#layers, this.#inputs[index] ?? new Float64Array(), this.#labels[index] ?? 0);
    }
    for (const layer of this.#layers) layer.step(rate);
    return true;
  }

  /** One score a class, the highest for the most probable one. */
  scores(features: readonly number[]): Float64Array {
    return forward(this.#layers, this.#scale.apply(features)).output;
  }
}

/** Batches between two turns of the event loop: about 2 ms for a linear classifier of 24 classes. */
const BATCHES_A_TURN = 8;

/** A classifier that has learnt all that it will, without holding the event loop up. */
export async function trainClassifier(train: Labelled, options: ClassifierOptions): Promise<Classifier> {
  const classifier = new Classifier(train, options);
  for (let batch = 1; classifier.step(); batch++) if (batch % BATCHES_A_TURN === 0) await setImmediate();
  return classifier;
}

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
      const row = unit * (inputs + 1);
      let sum = weights[row + inputs] ?? 0;
      for (let at = 0; at < inputs; at++) sum += (weights[row + at] ?? 0) * (input[at] ?? 0);
      output[unit] = sum;
    }
    return output;
  }

  /** Adds to the gradient; returns the slope of the loss with the input, where the input is above zero. */
  learn(input: Float64Array, slope: Float64Array): Float64Array {
    const { inputs, outputs, weights, gradient } = this;
    const before = new Float64Array(inputs);
    for (let unit = 0; unit < outputs; unit++) {
      const row = unit * (inputs + 1);
      const own = slope[unit] ?? 0;
      for (let at = 0; at < inputs; at++) {
        const value = input[at] ?? 0;
        gradient[row + at] = (gradient[row + at] ?? 0) + own * value;
        if (value > 0) before[at] = (before[at] ?? 0) + own * (weights[row + at] ?? 0);
      }
      gradient[row + inputs] = (gradient[row + inputs] ?? 0) + own;
    }
    return before;
  }

  step(rate: number): void {
    this.#steps++;
    const correction = rate * (Math.sqrt(1 - 0.999 ** this.#steps) / (1 - 0.9 ** this.#steps));
    for (let at = 0; at < this.weights.length; at++) {
      const slope = (this.gradient[at] ?? 0) / BATCH;
      const first = 0.9 * (this.#first[at] ?? 0) + 0.1 * slope;
      const second = 0.999 * (this.#second[at] ?? 0) + 0.001 * slope * slope;
      this.#first[at] = first;
      this.#second[at] = second;
      const change = (correction * first) / (Math.sqrt(second) + 1e-8);
      this.weights[at] = (this.weights[at] ?? 0) * (1 - rate * DECAY) - change;
    }
    this.gradient.fill(0);
  }
}

/** What each layer gets, and what comes out in the end. */
function forward(
  layers: readonly Layer[],
  input: Float64Array,
): { readonly inputs: readonly Float64Array[]; readonly output: Float64Array } {
  const inputs: Float64Array[] = [];
  let value = input;
  for (const [index, layer] of layers.entries()) {
    inputs.push(value);
    const output = layer.apply(value);
    value = index < layers.length - 1 ? output.map((number) => Math.max(0, number)) : output;
  }
  return { inputs, output: value };
}

function backward(layers: readonly Layer[], input: Float64Array, label: number): void {
  const { inputs, output } = forward(layers, input);
  const most = Math.max(...output);
  const shares = output.map((score) => Math.exp(score - most));
  const total = shares.reduce((sum, share) => sum + share, 0);
  let slope: Float64Array = shares.map((share, unit) => share / total - (unit === label ? 1 : 0));
  for (let index = layers.length - 1; index >= 0; index--) {
    slope = layers[index]?.learn(inputs[index] ?? input, slope) ?? slope;
  }
}

/** Brings features to mean 0 and deviation 1 over the examples that were learnt from. */
class Scale {
  readonly #mean: Float64Array;
  readonly #factor: Float64Array;

  constructor(features: readonly (readonly number[])[]) {
    const width = features[0]?.length ?? 0;
    const mean = new Float64Array(width);
    const squares = new Float64Array(width);
    for (const list of features) {
      for (let at = 0; at < width; at++) mean[at] = (mean[at] ?? 0) + (list[at] ?? 0) / features.length;
    }
    for (const list of features) {
      for (let at = 0; at < width; at++) squares[at] = (squares[at] ?? 0) + ((list[at] ?? 0) - (mean[at] ?? 0)) ** 2;
    }
    this.#mean = mean;
    this.#factor = squares.map((sum) => 1 / Math.sqrt(sum / features.length + 1e-9));
  }

  apply(features: readonly number[]): Float64Array {
    return Float64Array.from(features, (value, at) => (value - (this.#mean[at] ?? 0)) * (this.#factor[at] ?? 0));
  }
}
