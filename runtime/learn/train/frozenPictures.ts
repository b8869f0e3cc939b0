import { createHash } from 'node:crypto';
import { openSceneSet, type SceneSet } from '../openSceneSet';
import { nameOf, type SceneSetSpec } from '../sceneSetSpec';
import { makeSceneSet, type SceneSetOptions } from '../sceneSets';
import { embedSet } from './embedSet';
import type { BoundModality } from './miniRecipe';
import { miniPlan } from './plans';
import type { TrainingContext } from './stage';

export interface ScenesContext extends Pick<TrainingContext, 'threads' | 'clock' | 'signal'> {
  readonly scenes: Pick<SceneSetOptions, 'root' | 'workers' | 'onProgress'>;
}

/** Makes what is lacking of a set, and reads one sensor of it into memory. */
export async function openScenes(
  spec: SceneSetSpec,
  sensor: 'vision' | BoundModality,
  { scenes, clock, signal }: ScenesContext,
): Promise<SceneSet> {
  const sensors = [sensor];
  const { folder } = await makeSceneSet(spec, { ...scenes, sensors, clock, signal });
  return openSceneSet(folder, { sensors, signal });
}

/** The frozen image tower's embeddings of a set's pictures: made once, for every sensor that is bound to them. */
export class FrozenPictures {
  /** Of the tower. */
  readonly hash: string;
  readonly #parameters: Float32Array;
  readonly #context: ScenesContext;
  readonly #made = new Map<string, Promise<Float32Array>>();

  constructor(parameters: Float32Array, context: ScenesContext) {
    const { buffer, byteOffset, byteLength } = parameters;
    this.hash = createHash('sha256')
      .update(new Uint8Array(buffer, byteOffset, byteLength))
      .digest('hex');
    this.#parameters = parameters;
    this.#context = context;
  }

  /** `[scenes, dimensions]` */
  of(spec: SceneSetSpec): Promise<Float32Array> {
    const known = this.#made.get(nameOf(spec));
    if (known !== undefined) return known;
    const made = this.#embed(spec);
    this.#made.set(nameOf(spec), made);
    return made;
  }

  async #embed(spec: SceneSetSpec): Promise<Float32Array> {
    const set = await openScenes(spec, 'vision', this.#context);
    const plan = await miniPlan('vision');
    return embedSet(set, { ...this.#context, plan, parameters: this.#parameters, sensor: 'vision' });
  }
}
