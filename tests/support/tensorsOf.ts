import type { StateDict } from '../../models/checkpoint/stateDict';
import type { NamedTensor } from '../../models/checkpoint/writeStateDict';

/** The tensors of a state dict, to be written: one in memory at a time. */
export async function* tensorsOf(stateDict: StateDict): AsyncGenerator<NamedTensor> {
  for (const { name, shape } of stateDict.tensors.values()) {
    yield { name, shape, numbers: await stateDict.readFloats(name) };
  }
}
