import type { Sensor } from '../../../devices/simulated/sensor';
import type { EncoderPlan } from '../../../models/imagebind/plan';
import { learntEncoder } from '../../../models/training/contrastiveGraph';
import { LearntSession } from '../../../models/training/gradientSession';
import type { SceneSet } from '../openSceneSet';

const BATCH = 64;

export interface EmbedSetOptions {
  readonly plan: EncoderPlan;
  readonly parameters: Float32Array;
  readonly sensor: Sensor;
  readonly threads: number;
  readonly signal?: AbortSignal | undefined;
}

/** Unit embeddings of every scene of a set, one after the other: `[scenes, dimensions]`. */
export async function embedSet(set: SceneSet, options: EmbedSetOptions): Promise<Float32Array> {
  const { plan, parameters, sensor, threads, signal } = options;
  const session = await LearntSession.create(learntEncoder(plan), { threads });
  const { length } = set.items(sensor);
  const all = new Float32Array(set.count * plan.dimensions);
  const items = new Float32Array(BATCH * length);
  try {
    for (let first = 0; first < set.count; first += BATCH) {
      signal?.throwIfAborted();
      const scenes = Uint32Array.from({ length: Math.min(BATCH, set.count - first) }, (_, index) => first + index);
      set.take(sensor, scenes, items);
      const embeddings = await session.embed(parameters, items.subarray(0, scenes.length * length));
      all.set(embeddings, first * plan.dimensions);
    }
  } finally {
    await session.release();
  }
  return all;
}
