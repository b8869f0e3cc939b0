const NUMBERS = { SIGINT: 2, SIGTERM: 15 } as const;
type Signal = keyof typeof NUMBERS;

/** The user, or a supervisor, asked the command to end. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';

  constructor(readonly signal: Signal) {
    super(`interrupted by ${signal}`);
  }

  /** As a shell reports a process that a signal ended. */
  get exitCode(): number {
    return 128 + NUMBERS[this.signal];
  }
}

/**
 * Runs a command that cleans up after itself when its AbortSignal fires, which SIGINT and SIGTERM do. A second signal
 * ends the process at once.
 *
 * @throws {Interrupted} in place of whatever the aborted action threw.
 */
export async function untilInterrupted<Result>(action: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const controller = new AbortController();
  const stop = (signal: NodeJS.Signals): void => {
    if (signal !== 'SIGINT' && signal !== 'SIGTERM') return;
    if (controller.signal.aborted) process.exit(new Interrupted(signal).exitCode);
    controller.abort(new Interrupted(signal));
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    return await action(controller.signal);
  } catch (error) {
    throw controller.signal.aborted ? controller.signal.reason : error;
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}
