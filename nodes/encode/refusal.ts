import { SensebindError } from '../../runtime/errors';
import { described } from '../shared/described';

const TAKEN =
  'send a reading, text, the content of a PNG, JPEG or WAV file, or numbers with msg.sampleRateHz (sound), msg.rateHz (motion) or msg.width, msg.height and msg.unit (pictures)';

/** What a node cannot take, and what it would take instead, in one sentence. */
export function refusal(payload: unknown, options: { readonly cure?: string } = {}): SensebindError {
  return new SensebindError(
    'INPUT_UNSUPPORTED',
    `expected something to encode in msg.payload, found ${described(payload)}`,
    options.cure ?? TAKEN,
  );
}
