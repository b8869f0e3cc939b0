import { SensebindError } from '../../runtime/errors';
import type { StateDict } from '../checkpoint/stateDict';
import { elementCount } from '../onnx/shape';
import { inferTower } from './infer';
import { type InputPlan, planInput } from './inputPlan';
import type { Tower } from './layout';
import { type ImagebindModality, isImagebindModality, MODALITIES, TOWERS } from './modality';
import type { Variant } from './variant';
import { readFinite } from './weights';

/** The reference's ceiling for a learnt scale (reference/imagebind.md §1.3, step 7). */
const LARGEST_LOGIT_SCALE = 100;

/** All that is known of an encoder before its weights are read. */
export interface EncoderPlan extends InputPlan {
  readonly modality: ImagebindModality;
  /** Length of an embedding. */
  readonly dimensions: number;
  readonly logitScale: number;
  readonly parameters: number;
  /** Names of the checkpoint's tensors that the encoder reads. */
  readonly tensors: readonly string[];
  readonly tower: Tower;
}

/**
 * Works out one encoder from the shapes of a checkpoint and from a variant, and checks that they agree.
 *
 * @throws {SensebindError} `MODALITY_UNKNOWN`; `VARIANT_INVALID`; `CHECKPOINT_LAYOUT` naming the tensor, what was
 * expected and what was found; `CHECKPOINT_NOT_FINITE` for a logit scale that is no number.
 */
export async function planEncoder(checkpoint: StateDict, variant: Variant, modality: string): Promise<EncoderPlan> {
  if (!isImagebindModality(modality)) throw unknown(modality);
  const { tensors, output, ...tower } = inferTower(checkpoint, modality);
  return {
    ...planInput({ modality, tower, variant }),
    modality,
    dimensions: output,
    logitScale: await logitScale(checkpoint, modality),
    parameters: tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0),
    tensors: tensors.map(({ name }) => name),
    tower,
  };
}

async function logitScale(checkpoint: StateDict, modality: ImagebindModality): Promise<number> {
  const { names } = TOWERS[modality];
  if (names.logitScale === undefined) return 1;
  const [logarithm = 0] = await readFinite(checkpoint, names.logitScale);
  return Math.min(Math.exp(logarithm), LARGEST_LOGIT_SCALE);
}

function unknown(modality: string): SensebindError {
  return new SensebindError(
    'MODALITY_UNKNOWN',
    `Expected one of ${MODALITIES.join(', ')}, found "${modality}"`,
    'Choose among the modalities of an ImageBind checkpoint.',
  );
}
