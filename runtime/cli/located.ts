import { isSensebindError, SensebindError } from '../errors';

/** The same failure, with the file that it happened in put before the message. Anything that is not ours stays as it is. */
export function located(error: unknown, place: string): unknown {
  if (!isSensebindError(error) || error.message.includes(place)) return error;
  const message = error.message.slice(0, -` (${error.code})`.length);
  return new SensebindError(error.code, `${place}: ${message}`, error.cure, { cause: error });
}
