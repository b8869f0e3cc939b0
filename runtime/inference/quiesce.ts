import { type Millis, systemClock } from '../clock';

/**
 * onnxruntime-node aborts the whole process when a worker is torn down inside one of its calls: by `terminate()`, by
 * `process.exit()` or by an uncaught error in the main thread (reference/onnxruntime.md §6). So a worker says on shared
 * memory when it is inside a call, enters none once it is told to stop, and the main thread waits before it tears down.
 */

/** What a worker does, as stored on the shared flags; anything but `idle` forbids tearing it down. */
export const ACTIVITIES = ['idle', 'starting', 'preparing', 'creating', 'probing', 'running', 'releasing'] as const;
export type Activity = (typeof ACTIVITIES)[number];

const ACTIVITY = 0;
const STOP = 1;
const CALLS = 2;
const WORDS = 3;

/**
 * The longest that the end of the process waits for all native calls. Loading the largest encoder takes seconds on a
 * desktop, and a small board is ten times slower; a call that is still running then hangs.
 */
const EXIT_PATIENCE: Millis = 60_000 as Millis;

/** The flags of one worker, on memory that both threads see. */
export class WorkerFlags {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array<SharedArrayBuffer>;

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
  }

  get activity(): Activity {
    return ACTIVITIES[Atomics.load(this.#words, ACTIVITY)] ?? 'idle';
  }

  /** Native calls that were begun; wraps around. Tells a call that does not come back from many short ones. */
  get calls(): number {
    return Atomics.load(this.#words, CALLS);
  }

  /** Main thread: from now on the worker enters no native call. One that runs goes on to its end. */
  forbid(): void {
    Atomics.store(this.#words, STOP, 1);
  }

  /** Main thread: blocks until the worker is inside no native call; false when `patience` was not enough. */
  waitUntilIdle(patience: Millis): boolean {
    const busy = Atomics.load(this.#words, ACTIVITY);
    if (busy === 0) return true;
    return Atomics.wait(this.#words, ACTIVITY, busy, patience) !== 'timed-out';
  }

  /**
   * Worker: runs `call` with `activity` shown. Says what it does before it looks whether it may, so that the main
   * thread sees either the activity or a worker that does not start; then this never returns.
   */
  async during<T>(activity: Exclude<Activity, 'idle'>, call: () => T | Promise<T>): Promise<T> {
    Atomics.add(this.#words, CALLS, 1);
    Atomics.store(this.#words, ACTIVITY, ACTIVITIES.indexOf(activity));
    if (Atomics.load(this.#words, STOP) === 1) {
      this.#idle();
      return new Promise<never>(() => {});
    }
    try {
      return await call();
    } finally {
      this.#idle();
    }
  }

  #idle(): void {
    Atomics.store(this.#words, ACTIVITY, 0);
    Atomics.notify(this.#words, ACTIVITY);
  }
}

/** Every worker that runs in this process, of all engines. */
const running = new Set<WorkerFlags>();

/** Node tears workers down right after the `exit` event, whatever led to it; this runs in that event. */
function quiesceAll(): void {
  for (const flags of running) flags.forbid();
  const endMicros = systemClock.monotonicMicros() + EXIT_PATIENCE * 1000;
  for (const flags of running) {
    const leftMillis = (endMicros - systemClock.monotonicMicros()) / 1000;
    flags.waitUntilIdle(Math.max(0, leftMillis) as Millis);
  }
}

let watchingExit = false;

/** Keeps the end of the process from aborting it while the worker of `flags` runs. Undo with {@link unguard}. */
export function guard(flags: WorkerFlags): void {
  running.add(flags);
  if (watchingExit) return;
  watchingExit = true;
  process.on('exit', quiesceAll);
}

/** The worker of `flags` has ended. */
export function unguard(flags: WorkerFlags): void {
  running.delete(flags);
}
