import { type ErrorCode, SensebindError } from '../../runtime/errors';

/** For assert.rejects and assert.throws: an error of ours with that code, a cure, and a message of that form. */
export function refused(code: ErrorCode, message = /./): (error: unknown) => boolean {
  return (error) =>
    error instanceof SensebindError && error.code === code && error.cure.length > 0 && message.test(error.message);
}
