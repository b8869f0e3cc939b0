import type { Clock } from '../runtime/clock';
import { type ErrorCode, SensebindError } from '../runtime/errors';
import type { ReadingSink } from '../runtime/reading';
import { Liveness, type LivenessLimits } from './liveness';
import type { Command, ProcessEnd, StartProcess } from './ports/process';
import { frozen } from './streamDriver';

/** What a program says when something is wrong, and what helps. */
export interface KnownProblem {
  readonly pattern: RegExp;
  readonly code: Extract<ErrorCode, 'DEVICE_ABSENT' | 'DEVICE_FAILED' | 'CONFIG_INVALID'>;
  readonly cure: string;
}

/** A capture program, and how to understand what it says. */
export interface CaptureProgram {
  /** How messages call the device. */
  readonly name: string;
  readonly command: Command;
  /** Debian package of the program. */
  readonly debianPackage: string;
  /** The first that fits counts. */
  readonly problems: readonly KnownProblem[];
  /** What helps where no problem is known. */
  readonly cure: string;
  readonly limits: LivenessLimits;
  /**
   * What is done with its output; for one run.
   *
   * @param fail - Ends the run with an error: the output is well formed, but makes no sense.
   */
  reader(sink: ReadingSink, fail: (error: SensebindError) => void): ProgramReader;
}

/** Turns what a program writes into readings. */
export interface ProgramReader {
  output(bytes: Uint8Array): void;
  /** One line of standard error; true when it was understood, and is no explanation of a failure. */
  message(line: string): boolean;
}

/** Lines of standard error kept to explain why a program ended. */
const KEPT_MESSAGES = 4;

/**
 * Runs a capture program until it ends, hangs, or `signal` aborts.
 *
 * @throws {SensebindError} `DEVICE_ABSENT`, `DEVICE_FAILED`, `DEVICE_FROZEN`, `CONFIG_INVALID`, and what the
 * reader fails with; never returns while the program still runs.
 */
export async function runProgram(
  program: CaptureProgram,
  options: {
    readonly clock: Clock;
    readonly startProcess: StartProcess;
    readonly sink: ReadingSink;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { clock, startProcess, sink, signal } = options;
  if (signal.aborted) return;
  const over = new AbortController();
  let problem: unknown;
  const fail = (error: unknown): void => {
    if (over.signal.aborted) return;
    problem = error;
    over.abort();
    void running.close();
  };
  /** Nothing that is done with the output may throw into the pipe that it came from: that ends the whole process. */
  const guarded = (work: () => void): void => {
    if (over.signal.aborted) return;
    try {
      work();
    } catch (error) {
      fail(error);
    }
  };
  const liveness = new Liveness(sink, {
    clock,
    limits: program.limits,
    onFrozen: (kind) => fail(frozen(program.name, kind, program.limits)),
  });
  const reader = program.reader(liveness, fail);
  const messages: string[] = [];
  const running = startProcess(program.command, {
    output: (bytes) => guarded(() => reader.output(bytes)),
    message: (line) =>
      guarded(() => {
        if (reader.message(line) || line.trim() === '') return;
        messages.push(line.trim());
        if (messages.length > KEPT_MESSAGES) messages.shift();
      }),
  });
  const stop = (): void => void running.close();
  signal.addEventListener('abort', stop, { once: true });
  const end = await running.ended;
  signal.removeEventListener('abort', stop);
  liveness.stop();
  if (signal.aborted) return;
  if (problem !== undefined) throw problem;
  throw failure(program, end, messages);
}

function failure(program: CaptureProgram, end: ProcessEnd, messages: readonly string[]): SensebindError {
  if (end.kind === 'absent') {
    return new SensebindError(
      'DEVICE_ABSENT',
      `expected the program ${program.command.program}, found none on the PATH`,
      `apt-get install ${program.debianPackage}`,
    );
  }
  const said = messages.length > 0 ? messages.join('; ') : describe(program.command.program, end);
  const problem = program.problems.find(({ pattern }) => pattern.test(said));
  return new SensebindError(
    problem?.code ?? 'DEVICE_FAILED',
    `expected readings from ${program.name}, found: ${said}`,
    problem?.cure ?? program.cure,
  );
}

function describe(program: string, end: Exclude<ProcessEnd, { readonly kind: 'absent' }>): string {
  if (end.kind === 'notStarted') return end.reason;
  return end.signal === null ? `${program} ended with exit code ${end.code}` : `${program} ended by ${end.signal}`;
}
