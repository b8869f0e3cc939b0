import { type ErrorCode, isSensebindError, messageOf, SensebindError } from '../../runtime/errors';

/** An error as Catch nodes and the debug sidebar get it: what is wrong and what to do about it, and a stable code. */
export class NodeError extends Error {
  override readonly name = 'SensebindError';
  readonly code: ErrorCode;
  readonly cure: string;

  constructor({ code, message, cure }: SensebindError) {
    super(`${message}: ${cure}`);
    this.code = code;
    this.cure = cure;
  }
}

/** Whatever was thrown, as an error of ours. */
export function nodeError(thrown: unknown): NodeError {
  if (thrown instanceof NodeError) return thrown;
  if (isSensebindError(thrown)) return new NodeError(thrown);
  return new NodeError(
    new SensebindError(
      'INTERNAL',
      `expected the node to go on, found: ${messageOf(thrown)}`,
      'report this with the log: it is a mistake in sensebind',
      { cause: thrown },
    ),
  );
}
