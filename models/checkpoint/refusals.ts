import { SensebindError } from '../../runtime/errors';

/**
 * The four ways in which a checkpoint is refused. Each says what was found; the cure belongs to the kind of refusal.
 */

/** Bytes that contradict each other or are missing: a damaged, truncated or lying file. */
export function corrupt(message: string, options?: ErrorOptions): SensebindError {
  return new SensebindError(
    'CHECKPOINT_CORRUPT',
    printable(message),
    'Download or copy the checkpoint again and compare its size and hash with those of its source.',
    options,
  );
}

/** Content that a file of plain weights has no reason to hold. Nothing of it was executed. */
export function unsafe(message: string): SensebindError {
  return new SensebindError(
    'CHECKPOINT_UNSAFE',
    printable(message),
    'Do not open this file with other tools unless you trust its author. If you do, save the weights alone where it was made: torch.save(model.state_dict(), "weights.pth").',
  );
}

/** More than any known model needs. */
export function overLimit(message: string): SensebindError {
  return new SensebindError(
    'CHECKPOINT_LIMIT',
    printable(message),
    'Save only the state dict of the model, without optimiser state, and check that the file is a checkpoint at all.',
  );
}

/** A sound file in a form that this reader does not take. */
export function unsupported(message: string, cure = RE_SAVE): SensebindError {
  return new SensebindError('CHECKPOINT_LAYOUT', printable(message), cure);
}

const RE_SAVE =
  'Save it again with PyTorch 1.6 or newer, as contiguous tensors: torch.save({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, "weights.pth").';

/** Names from a file go into messages; control characters in them must not reach a terminal. */
function printable(message: string): string {
  return message.replace(/\p{Cc}/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
