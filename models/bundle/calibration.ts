import { SensebindError } from '../../runtime/errors';
import type { EncoderItem } from '../onnx/quantize/graphSession';
import type { CalibrationItems } from '../onnx/quantize/observe';
import type { Bundle } from './bundle';
import type { EncoderManifest, Manifest } from './manifest';

/** The encoder that inputs are wanted for. */
export interface CalibratedEncoder {
  readonly modality: string;
  readonly encoder: EncoderManifest;
  /** For the tokenizer of text. */
  readonly bundle: Pick<Bundle, 'pathOf'> & { readonly manifest: Pick<Manifest, 'tokenizer'> };
}

/** Inputs that an encoder is measured with. */
export interface CalibrationInputs {
  /** Where they come from, in words, for the manifest. */
  readonly description: string;
  /** Prepared, batch of one first; each is copied before the next is asked for. Every other one is held back. */
  readonly items: AsyncIterable<EncoderItem>;
}

/** Where the inputs come from. */
export type CalibrationSource = (encoder: CalibratedEncoder) => CalibrationInputs;

export interface DescribedItems extends CalibrationItems {
  readonly description: string;
}

/** More tell nothing new: magnitudes settle after a few (reference/onnxruntime.md §2 took three). */
export const MOST_CALIBRATION_ITEMS = 64;

/**
 * Takes the items of an encoder, in turn for calibration and held back.
 *
 * @throws {SensebindError} `CALIBRATION_INVALID` for fewer than two, or for some that are no numbers; what the source throws.
 */
export async function calibrationItems(
  encoder: CalibratedEncoder,
  {
    calibration: sourceOf,
    signal,
  }: { readonly calibration: CalibrationSource; readonly signal?: AbortSignal | undefined },
): Promise<DescribedItems> {
  const source = sourceOf(encoder);
  const calibration: EncoderItem[] = [];
  const heldBack: EncoderItem[] = [];
  for await (const { data, shape } of source.items) {
    signal?.throwIfAborted();
    if (!data.every(Number.isFinite)) throw invalid(encoder, source, 'values that are no finite numbers');
    const kind = calibration.length > heldBack.length ? heldBack : calibration;
    kind.push({ data: data.slice(), shape: [...shape] });
    if (calibration.length + heldBack.length === MOST_CALIBRATION_ITEMS) break;
  }
  if (heldBack.length === 0) throw invalid(encoder, source, `${calibration.length}`);
  return { description: source.description, calibration, heldBack };
}

function invalid({ modality }: CalibratedEncoder, { description }: CalibrationInputs, found: string): SensebindError {
  return new SensebindError(
    'CALIBRATION_INVALID',
    `Expected at least two inputs of the ${modality} encoder from ${description}, found ${found}`,
    'Record that sensor for longer, leave the encoder out with --modalities, or leave --calibration out.',
  );
}
