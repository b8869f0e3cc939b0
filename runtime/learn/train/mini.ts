import path from 'node:path';
import { requireReplaceable } from '../../../models/bundle/workspace';
import { type NamedTensor, writeStateDict } from '../../../models/checkpoint/writeStateDict';
import type { EncoderPlan } from '../../../models/imagebind/plan';
import { type MiniBundleOptions, makeMiniBundle } from '../../../models/mini/makeBundle';
import { learntLayout } from '../../../models/training/contrastiveGraph';
import { slotsOf } from '../../../models/training/initialise';
import { generatedInputs } from '../calibrate/generatedInputs';
import { bundleHash } from '../evaluate/bundleHash';
import { keepingResults } from '../evaluate/results';
import type { SceneSetSpec } from '../sceneSetSpec';
import type { SceneSetOptions } from '../sceneSets';
import { worldTokenizer } from '../worldTokenizer';
import { type Anchor, trainAnchor } from './anchor';
import { FrozenPictures, openScenes } from './frozenPictures';
import { BOUND_MODALITIES, type BoundModality, type MiniRecipe } from './miniRecipe';
import { miniPlan } from './plans';
import { type BoundTower, trainSensor } from './sensor';
import type { TrainingContext } from './stage';

export interface MiniOptions extends TrainingContext {
  readonly recipe: MiniRecipe;
  readonly scenes: Pick<SceneSetOptions, 'root' | 'workers' | 'onProgress'>;
  /** Where the finished bundle goes: replaced when it is there. */
  readonly bundle: string;
}

/** What came out of a training, for the report beside the bundle. */
export interface TrainedMini {
  readonly recipe: MiniRecipe;
  readonly bundleHash: string;
  /** Folder of the bundle in float32 that the shipped one was made of. */
  readonly floatingPoint: string;
  readonly anchor: Anchor;
  readonly stages: readonly StageResult[];
}

/** A bundle that is there is what the training is to renew. */
const OVERWRITE = 'replace';

export interface StageResult {
  readonly name: string;
  readonly losses: readonly number[];
  readonly seconds: number;
}

/**
 * Trains the small model: image and text on captioned scenes, then each sensor against the frozen image tower on other
 * scenes that have no words; writes the towers as a state dict in the published layout, and of that a bundle in float32
 * and the one that is shipped, in int8.
 *
 * Goes on where it was interrupted.
 *
 * @throws {SensebindError} `OUTPUT_EXISTS` where the bundle would take the place of something else; what training, files
 * and the converter throw. The reason of the signal.
 */
export async function trainMini(options: MiniOptions): Promise<TrainedMini> {
  const { recipe, folder, bundle, signal } = options;
  // Before an hour of training that it would have been for.
  await requireReplaceable(bundle, OVERWRITE);
  const anchor = await trainAnchor({ ...options, recipe: recipe.anchor, worldSeed: recipe.worldSeed });
  signal?.throwIfAborted();
  const sensors = await bindSensors(anchor, options);
  signal?.throwIfAborted();
  const checkpoint = path.join(folder, 'imagebind_mini.pth');
  const towers = [
    { plan: await miniPlan('vision'), parameters: anchor.vision },
    { plan: await miniPlan('text'), parameters: anchor.text },
    ...sensors.values(),
  ];
  await writeStateDict(checkpoint, tensorsOf(towers));
  const floatingPoint = path.join(folder, 'floating-point');
  const made: MiniBundleOptions = {
    checkpoint,
    tokenizer: worldTokenizer(),
    calibration: generatedInputs,
    floatingPoint,
    outputDirectory: bundle,
    overwrite: OVERWRITE,
    ...(signal === undefined ? {} : { signal }),
  };
  const hash = await keepingResults(bundle, async () => bundleHash(await makeMiniBundle(made)));
  const stages = [
    { name: 'anchor', losses: anchor.losses, seconds: anchor.seconds },
    ...[...sensors].map(([name, { losses, seconds }]) => ({ name, losses, seconds })),
  ];
  return { recipe, bundleHash: hash, floatingPoint, anchor, stages };
}

async function bindSensors(anchor: Anchor, options: MiniOptions): Promise<ReadonlyMap<BoundModality, BoundTower>> {
  const towers = new Map<BoundModality, BoundTower>();
  const pictures = new FrozenPictures(anchor.vision, options);
  for (const modality of BOUND_MODALITIES) {
    const recipe = options.recipe.sensors[modality];
    const spec: SceneSetSpec = { set: 'bound', count: recipe.scenes, seed: options.recipe.worldSeed };
    const tower = await trainSensor({
      ...options,
      modality,
      recipe,
      spec,
      targetsFrom: pictures.hash,
      prepare: async () => ({ targets: await pictures.of(spec), set: await openScenes(spec, modality, options) }),
    });
    towers.set(modality, tower);
    options.signal?.throwIfAborted();
  }
  return towers;
}

/** Tensors of the published layout, cut out of the flat vectors that were trained; the mask of the text included. */
function* tensorsOf(
  towers: readonly { readonly plan: EncoderPlan; readonly parameters: Float32Array }[],
): Generator<NamedTensor> {
  for (const { plan, parameters } of towers) {
    for (const { name, shape, offset, length } of slotsOf(learntLayout(plan))) {
      yield { name, shape, numbers: parameters.subarray(offset, offset + length) };
    }
  }
}
