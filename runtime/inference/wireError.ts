import { type ErrorCode, messageOf, SensebindError } from '../errors';

/** A {@link SensebindError} as it crosses the thread border: structured clone would make a plain Error of it. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly cure: string;
  /** What lies under it, in words. */
  readonly cause?: string;
}

export function toWire(error: SensebindError): WireError {
  return {
    code: error.code,
    message: withoutCode(error),
    cure: error.cure,
    ...(error.cause === undefined ? {} : { cause: messageOf(error.cause) }),
  };
}

export function fromWire({ code, message, cure, cause }: WireError): SensebindError {
  return new SensebindError(code, message, cure, cause === undefined ? undefined : { cause: new Error(cause) });
}

/** The constructor appends the code to the message; taken off here, so that it does not stand there twice. */
function withoutCode({ message, code }: SensebindError): string {
  const suffix = ` (${code})`;
  return message.endsWith(suffix) ? message.slice(0, -suffix.length) : message;
}
