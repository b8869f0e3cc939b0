import type { EncoderInput } from '../../runtime/preprocess/input';
import type { Flag, Modality } from '../../runtime/reading';
import { readingOf } from '../shared/payloads';
import { inputOfBytes } from './bytes';
import { fieldsOf } from './messageFields';
import { inputOfNumbers } from './numbers';
import { refusal } from './refusal';

/** What one message holds, ready for its encoder. */
export interface OneInput {
  readonly modality: Modality;
  readonly input: EncoderInput;
  readonly flags: readonly Flag[];
}

/** Longer text is a document: no encoder looks at more than a sentence or two. */
const LONGEST_TEXT = 4096;

/**
 * Whatever is in a message, as the input of an encoder. The content decides what it is; where it cannot, the message says.
 *
 * @param asked - Modality of the node; without, `msg.modality`.
 * @throws {SensebindError} `INPUT_UNSUPPORTED` with one sentence for what is nothing of all that; `INPUT_INVALID`,
 * `INPUT_TOO_LARGE`, `WAV_INVALID` for content that is broken.
 */
export async function oneInputOf(
  message: Readonly<Record<string, unknown>>,
  asked: Modality | undefined = askedBy(message),
): Promise<OneInput> {
  const payload = message['payload'];
  const chosen = asked === undefined ? {} : { asked };
  const reading = readingOf(payload);
  if (reading?.modality === 'radar') {
    const { profile, binMetres, flags } = reading;
    return { modality: asked ?? 'radar', input: { kind: 'profile', strengths: profile, binMetres }, flags };
  }
  if (typeof payload === 'string') return textInput(payload, asked);
  if (payload instanceof Uint8Array) return inputOfBytes(payload, { ...chosen, fields: () => fieldsOf(message) });
  if (payload instanceof ArrayBuffer) {
    return inputOfBytes(new Uint8Array(payload), { ...chosen, fields: () => fieldsOf(message) });
  }
  if (isNumeric(payload)) return inputOfNumbers(payload, { ...chosen, fields: fieldsOf(message) });
  throw refusal(payload);
}

function textInput(text: string, asked: Modality | undefined): OneInput {
  if (text.trim() === '' || text.length > LONGEST_TEXT) {
    throw refusal(text, { cure: `send 1 to ${LONGEST_TEXT} characters, a sentence or two` });
  }
  return { modality: asked ?? 'text', input: { kind: 'text', text }, flags: [] };
}

function askedBy({ modality }: Readonly<Record<string, unknown>>): Modality | undefined {
  return typeof modality === 'string' && modality !== '' ? modality : undefined;
}

/** Numbers in a row, or rows of them. */
export type Numeric = ArrayLike<number> | readonly ArrayLike<number>[];

function isNumeric(value: unknown): value is Numeric {
  if (isRow(value)) return true;
  return Array.isArray(value) && value.length > 0 && value.every(isRow);
}

function isRow(value: unknown): value is ArrayLike<number> {
  if (ArrayBuffer.isView(value))
    return !(value instanceof DataView) && !(value instanceof BigInt64Array) && !(value instanceof BigUint64Array);
  return Array.isArray(value) && value.length > 0 && typeof value[0] === 'number';
}
