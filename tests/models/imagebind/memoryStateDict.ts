import type { StateDict } from '../../../models/checkpoint/stateDict';

export interface MemoryTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A state dict whose tensors are in memory, so that a test can damage one of them. */
export function memoryStateDict(tensors: readonly MemoryTensor[]): StateDict {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  return {
    tensors: new Map(
      tensors.map(({ name, shape, data }) => [
        name,
        { name, elementType: 'float32', shape, byteLength: data.byteLength },
      ]),
    ),
    readFloats: async (name) => Float32Array.from(byName.get(name)?.data ?? []),
    readBytes: async function* (name) {
      yield new Uint8Array(Float32Array.from(byName.get(name)?.data ?? []).buffer);
    },
    close: async () => {},
  };
}

/** Tensors of those shapes with numbers in ±`size`, the same for the same seed: no norm or bias is left at its start. */
export function randomTensors(
  layout: readonly { readonly name: string; readonly shape: readonly number[] }[],
  { seed, size }: { readonly seed: number; readonly size: number },
): readonly MemoryTensor[] {
  const random = uniform(seed);
  return layout.map(({ name, shape }) => {
    const count = shape.reduce((product, extent) => product * extent, 1);
    return { name, shape, data: Float32Array.from({ length: count }, () => size * (2 * random() - 1)) };
  });
}

/** Numbers in [0, 1): a linear congruential generator with the constants of Numerical Recipes. */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
