import { availableParallelism } from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { messageOf, SensebindError } from '../../errors';
import { fromWire } from '../../inference/wireError';
import type { SceneTask, TaskReply } from './protocol';

export interface InWorkersOptions<Result> {
  /** Module of this folder that runs in the threads. */
  readonly entry: 'itemWorker' | 'captionWorker' | 'readingWorker' | 'viewWorker';
  readonly workerData?: unknown;
  /** How many threads. Default: one a core. */
  readonly workers?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Takes a result, in any order. A thread gets its next task when this is done, so that results never pile up. */
  readonly onResult: (result: Result) => Promise<void>;
}

/**
 * Makes all tasks in worker threads: one task a thread at a time, each thread takes the next.
 *
 * @throws {SensebindError} what a thread reports; `REQUEST_ABORTED`; `INTERNAL` when a thread ends by itself.
 */
export async function inWorkers<Result>(tasks: Iterable<SceneTask>, options: InWorkersOptions<Result>): Promise<void> {
  const { workers = availableParallelism(), signal } = options;
  if (signal?.aborted) throw aborted(signal);
  const waiting = tasks[Symbol.iterator]();
  const threads: Worker[] = [];
  const stopped = new AbortController();
  const stop = (): void => stopped.abort();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    const runs: Promise<void>[] = [];
    for (let index = 0; index < workers; index++) {
      const first = waiting.next();
      if (first.done) break;
      const thread = startThread(options);
      threads.push(thread);
      runs.push(serveThread(thread, { first: first.value, waiting, options, stopped: stopped.signal }));
    }
    await Promise.all(runs);
  } catch (error) {
    if (signal?.aborted) throw aborted(signal);
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
}

function startThread({ entry, workerData }: Pick<InWorkersOptions<never>, 'entry' | 'workerData'>): Worker {
  // The parent's flags are none of its business: `node --eval` or `--test` would change what it runs.
  return new Worker(path.join(__dirname, `${entry}.js`), { workerData, execArgv: [], name: entry });
}

interface Serving<Result> {
  readonly first: SceneTask;
  readonly waiting: Iterator<SceneTask>;
  readonly options: InWorkersOptions<Result>;
  readonly stopped: AbortSignal;
}

/** Hands one thread task after task until none is left. */
function serveThread<Result>(thread: Worker, { first, waiting, options, stopped }: Serving<Result>): Promise<void> {
  return new Promise((resolve, reject) => {
    const next = async (reply: TaskReply<Result>): Promise<void> => {
      if (reply.kind === 'failed') throw fromWire(reply.error);
      await options.onResult(reply.result);
      if (stopped.aborted) return;
      const { done, value } = waiting.next();
      if (done) resolve();
      else thread.postMessage(value);
    };
    thread.on('message', (reply: TaskReply<Result>) => {
      next(reply).catch(reject);
    });
    thread.on('error', (error) => reject(ended(messageOf(error), error)));
    thread.once('exit', (code) => reject(ended(`exit code ${code}`)));
    stopped.addEventListener('abort', () => reject(ended('a wish to stop')), { once: true });
    thread.postMessage(first);
  });
}

function ended(found: string, cause?: unknown): SensebindError {
  return new SensebindError(
    'INTERNAL',
    `Expected a worker thread to make its scenes, found ${found}`,
    'Look whether the machine ran out of memory; use fewer workers.',
    cause === undefined ? undefined : { cause },
  );
}

function aborted(signal: AbortSignal): SensebindError {
  return new SensebindError(
    'REQUEST_ABORTED',
    'Expected to make all scenes, found that the caller stopped it',
    'Nothing half made is kept; start again.',
    { cause: signal.reason },
  );
}
