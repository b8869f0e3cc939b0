import type { Slot } from './initialise';

export interface AdamWOptions {
  /** Share of the first and second moment that is kept each step (arXiv 2305.05665, Table 9: 0.9 and 0.95). */
  readonly beta1: number;
  readonly beta2: number;
  readonly weightDecay: number;
}

/** What AdamW remembers between steps: plain data, to be stored and restored. */
export interface AdamWState {
  readonly step: number;
  readonly first: Float32Array;
  readonly second: Float32Array;
}

const EPSILON = 1e-8;

/** AdamW over one flat vector of parameters (Loshchilov and Hutter, arXiv 1711.05101, algorithm 2). */
export class AdamW {
  readonly #options: AdamWOptions;
  readonly #slots: readonly Slot[];
  readonly #first: Float32Array;
  readonly #second: Float32Array;
  #step: number;

  /** @param state - Where to go on; it is left as it is. */
  constructor(slots: readonly Slot[], options: AdamWOptions, state?: AdamWState) {
    const length = slots.reduce((total, slot) => total + slot.length, 0);
    this.#slots = slots;
    this.#options = options;
    this.#step = state?.step ?? 0;
    this.#first = state?.first.slice() ?? new Float32Array(length);
    this.#second = state?.second.slice() ?? new Float32Array(length);
  }

  /** Its arrays change with the next update. */
  get state(): AdamWState {
    return { step: this.#step, first: this.#first, second: this.#second };
  }

  /** Changes `parameters` by their `gradients`, in place. */
  update(parameters: Float32Array, gradients: Float32Array, { learningRate }: { readonly learningRate: number }): void {
    const { beta1, beta2, weightDecay } = this.#options;
    this.#step++;
    const firstFactor = 1 / (1 - beta1 ** this.#step);
    const secondFactor = 1 / (1 - beta2 ** this.#step);
    for (const { offset, length, decays } of this.#slots) {
      const decay = decays ? learningRate * weightDecay : 0;
      for (let index = offset; index < offset + length; index++) {
        const gradient = gradients[index] ?? 0;
        const first = beta1 * (this.#first[index] ?? 0) + (1 - beta1) * gradient;
        const second = beta2 * (this.#second[index] ?? 0) + (1 - beta2) * gradient * gradient;
        const parameter = parameters[index] ?? 0;
        this.#first[index] = first;
        this.#second[index] = second;
        const change = (first * firstFactor) / (Math.sqrt(second * secondFactor) + EPSILON);
        parameters[index] = parameter - learningRate * change - decay * parameter;
      }
    }
  }
}

/**
 * Shortens gradients that are together longer than `limit`, in place.
 *
 * @returns Their length before.
 */
export function clipLength(gradients: Float32Array, limit: number): number {
  let squares = 0;
  for (let index = 0; index < gradients.length; index++) squares += (gradients[index] ?? 0) ** 2;
  const length = Math.sqrt(squares);
  if (length <= limit) return length;
  const factor = limit / length;
  for (let index = 0; index < gradients.length; index++) gradients[index] = (gradients[index] ?? 0) * factor;
  return length;
}
