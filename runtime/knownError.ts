import { isSensebindError, messageOf, SensebindError } from './errors';

/** An error of ours as it is, any other as a mistake of ours. */
export function knownError(id: string, error: unknown): SensebindError {
  if (isSensebindError(error)) return error;
  return new SensebindError(
    'INTERNAL',
    `expected what "${id}" reads to be dealt with, found: ${messageOf(error)}`,
    'report this with the log: it is a mistake in sensebind',
    { cause: error },
  );
}
