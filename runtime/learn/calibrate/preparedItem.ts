import type { EncoderItem } from '../../../models/onnx/quantize/graphSession';
import { isSensebindError } from '../../errors';
import type { EncoderInput } from '../../preprocess/input';
import type { Preprocessor } from '../../preprocess/preset';

/**
 * The first item of an input, valid until the next call: further ones of the same window say little that is new.
 * `undefined` for an input that the encoder does not take, such as a picture with dead pixels only.
 */
export async function preparedItem(preprocessor: Preprocessor, input: EncoderInput): Promise<EncoderItem | undefined> {
  try {
    const { items } = await preprocessor.prepare(input);
    return items[0];
  } catch (error) {
    if (isSensebindError(error) && (error.code.startsWith('INPUT_') || error.code === 'WORD_UNKNOWN')) return undefined;
    throw error;
  }
}
