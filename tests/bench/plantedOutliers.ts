import type { StateDict, TensorInfo } from '../../models/checkpoint/stateDict';
import type { EncoderPlan } from '../../models/imagebind/encoder';
import { blockNames, TOWERS } from '../../models/imagebind/modality';

/** As reference/onnxruntime.md §2: few channels, far larger than the others, as trained transformers have them. */
const CHANNELS = 6;
const FACTOR = 20;

/**
 * The same weights with outliers in six channels: in what comes into the blocks, and in the gain of every LayerNorm in
 * front of a linear layer.
 */
export function withOutliers(source: StateDict, plan: EncoderPlan): StateDict {
  const { width } = plan.tower;
  const channels = Array.from({ length: CHANNELS }, (_, index) => Math.floor(((index + 0.5) * width) / CHANNELS));
  const planted = plantedTensors(plan);
  return new Planted(source, (name, numbers) => {
    if (!planted.has(name)) return;
    // Vectors of the width, or rows of it.
    for (let row = 0; row < numbers.length; row += width) {
      for (const channel of channels) numbers[row + channel] = (numbers[row + channel] ?? 0) * FACTOR;
    }
  });
}

function plantedTensors({ modality, tower }: EncoderPlan): ReadonlySet<string> {
  const { stem, names } = TOWERS[modality];
  const first = names.stemNorm ?? names.trunkNorm;
  const incoming = stem === 'vocabulary' || first === undefined ? names.stemWeight : `${first}.weight`;
  const gains = Array.from({ length: tower.blocks }, (_, index) => {
    const { attentionNorm, hiddenNorm } = blockNames(modality, index);
    return [`${attentionNorm}.weight`, `${hiddenNorm}.weight`];
  });
  return new Set([incoming, ...gains.flat()]);
}

class Planted implements StateDict {
  readonly #source: StateDict;
  readonly #plant: (name: string, numbers: Float32Array) => void;

  constructor(source: StateDict, plant: (name: string, numbers: Float32Array) => void) {
    this.#source = source;
    this.#plant = plant;
  }

  get tensors(): ReadonlyMap<string, TensorInfo> {
    return this.#source.tensors;
  }

  async readFloats(name: string): Promise<Float32Array> {
    const numbers = await this.#source.readFloats(name);
    this.#plant(name, numbers);
    return numbers;
  }

  async *readBytes(name: string): AsyncGenerator<Uint8Array, void> {
    yield new Uint8Array((await this.readFloats(name)).buffer);
  }

  close(): Promise<void> {
    return this.#source.close();
  }
}
