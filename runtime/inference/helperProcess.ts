import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { messageOf, SensebindError } from '../errors';
import { fromWire, toWire, type WireError } from './wireError';

/**
 * Native work that is no part of answering requests: in a process of its own, which may be killed at any moment without
 * an abort of this one (a worker thread inside onnxruntime must not be torn down: quiesce.ts), is the first that the
 * kernel ends when memory is short, and whose memory can be measured.
 */

export type HelperAnswer<T> =
  | { readonly kind: 'done'; readonly result: T }
  | { readonly kind: 'failed'; readonly error: WireError };

export interface HelperOptions {
  /** Ends the process at once. */
  readonly signal?: AbortSignal;
  /** What it is for, in words that follow "a process that". */
  readonly purpose: string;
  /** Lets this process end while it works, which then ends it too. */
  readonly inBackground?: boolean;
}

/**
 * Runs a program that ends with {@link answerParent}.
 *
 * @param program - Absolute path of a compiled module.
 * @throws {SensebindError} what the program threw, `REQUEST_ABORTED` by the signal, `PROGRAM_FAILED` where it ended
 * without an answer.
 */
export async function runHelper<Request extends object, Result>(
  program: string,
  request: Request,
  { signal, purpose, inBackground = false }: HelperOptions,
): Promise<Result> {
  // The parent's flags are none of its business: `node --test` or `--inspect` would change what it runs.
  const child = fork(program, [], {
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', inBackground ? 'ignore' : 'pipe', 'ipc'],
  });
  if (inBackground) {
    child.unref();
    child.channel?.unref();
  }
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  signal?.addEventListener('abort', kill, { once: true });
  if (signal?.aborted) kill();
  try {
    return resultOf(await answerOf<Request, Result>(child, request), purpose);
  } catch (error) {
    if (!signal?.aborted) throw error;
    throw new SensebindError(
      'REQUEST_ABORTED',
      `Expected a process that ${purpose} to finish, found it given up`,
      'Nothing to do: the caller gave it up.',
      {
        cause: error,
      },
    );
  } finally {
    signal?.removeEventListener('abort', kill);
    kill();
  }
}

type Ending = { readonly kind: 'ended'; readonly reason: string };

async function answerOf<Request extends object, Result>(
  child: ChildProcess,
  request: Request,
): Promise<HelperAnswer<Result> | Ending> {
  let words = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    words = `${words}${chunk.toString()}`.slice(-500);
  });
  const ended = once(child, 'exit').then(
    ([code, by]): Ending => ({ kind: 'ended', reason: `${by ?? `exit code ${code}`} ${words}`.trim() }),
    (error: unknown): Ending => ({ kind: 'ended', reason: messageOf(error) }),
  );
  const answer = new Promise<HelperAnswer<Result>>((resolve) => {
    child.once('message', (message) => resolve(message as HelperAnswer<Result>));
  });
  // That it cannot be sent shows in how the process ends.
  child.send(request, () => undefined);
  return Promise.race([answer, ended]);
}

function resultOf<Result>(answer: HelperAnswer<Result> | Ending, purpose: string): Result {
  switch (answer.kind) {
    case 'done':
      return answer.result;
    case 'failed':
      throw fromWire(answer.error);
    case 'ended':
      throw new SensebindError(
        'PROGRAM_FAILED',
        `Expected a process that ${purpose} to answer, found that it ended: ${answer.reason}`,
        'If it was ended for want of memory, close other programs, or use fewer or smaller encoders.',
      );
  }
}

/** The main module of a helper process: answers the one request of its parent, and ends with it or without it. */
export function answerParent<Request, Result>(work: (request: Request) => Promise<Result>): void {
  process.once('disconnect', () => process.exit());
  process.once('message', (request: Request) => {
    void standAside()
      .then(() => work(request))
      .then(
        (result): HelperAnswer<Result> => ({ kind: 'done', result }),
        (error: unknown): HelperAnswer<Result> => ({ kind: 'failed', error: wireOf(error) }),
      )
      .then((answer) => process.send?.(answer));
  });
}

/** Is what the kernel ends when memory is short. Only on Linux, and not in every sandbox: it works all the same. */
function standAside(): Promise<void> {
  return writeFile('/proc/self/oom_score_adj', '1000').catch(() => undefined);
}

function wireOf(error: unknown): WireError {
  if (error instanceof SensebindError) return toWire(error);
  return toWire(
    new SensebindError(
      'ENCODE_FAILED',
      `Expected native work to succeed, found: ${messageOf(error)}`,
      'Please report this.',
      {
        cause: error,
      },
    ),
  );
}
