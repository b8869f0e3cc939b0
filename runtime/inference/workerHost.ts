import '../../models/onnx/noTelemetry';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Clock, Micros, Millis, Timer } from '../clock';
import { messageOf, type SensebindError } from '../errors';
import type { Modality } from '../reading';
import { RestartPolicy } from '../restarts';
import {
  engineClosed,
  engineDegraded,
  notTransferable,
  queueFull,
  requestLate,
  requestSuperseded,
  settle,
  workerExited,
} from './engineErrors';
import { HandedTasks } from './handedTasks';
import type { ProviderInUse, WorkerMessage, WorkerReply, WorkerSetup } from './protocol';
import { type Activity, guard, unguard, WorkerFlags } from './quiesce';
import { Scheduler } from './scheduler';
import type { Task } from './task';
import { fromWire } from './wireError';

/** `restarting`: between an exit and the next start. `degraded`: failed too often, tried again each minute. */
export type WorkerState = 'starting' | 'ready' | 'restarting' | 'degraded' | 'closed';

export interface WorkerStatus {
  readonly state: WorkerState;
  /** Why it is in this state, in words. */
  readonly reason: string;
  readonly restarts: number;
  /** What it does right now. */
  readonly activity: Activity;
  /** Native calls that its thread has begun. */
  readonly calls: number;
  /** At most, for one encoder. */
  readonly threads: number;
}

export interface WorkerHostOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly setup: Omit<WorkerSetup, 'flags' | 'requests' | 'cpuOnlyReason'>;
  /** Requests that may wait. */
  readonly queueLimit: number;
  readonly onProvider: (modality: Modality, inUse: ProviderInUse) => void;
  readonly onChange: () => void;
}

/** A native call may be in the way of an orderly stop; after this long `close()` goes on without the worker. */
const CLOSE_PATIENCE: Millis = 30_000 as Millis;

/** How often a thread that was left inside a native call is looked after. */
const LEFT_BEHIND_INTERVAL: Millis = 500 as Millis;

/** The thread that runs now, and the memory on which it says what it does. */
interface Thread {
  readonly worker: Worker;
  readonly flags: WorkerFlags;
  readonly handed: HandedTasks;
  /** What it threw, before it exits of that. */
  failure: unknown;
}

/** One supervised encoder worker with its queue: hands over task by task, starts the thread again when it ends. */
export class WorkerHost {
  readonly #options: WorkerHostOptions;
  readonly #scheduler: Scheduler<Task>;
  readonly #policy: RestartPolicy;
  #state: WorkerState = 'starting';
  #reason = 'loading onnxruntime';
  #restarts = 0;
  #thread: Thread | undefined;
  #retry: Timer | undefined;
  #cpuOnlyReason: string | undefined;
  #closing: Promise<void> | undefined;
  /** Settles {@link start}. A worker that never was ready is its caller's matter, not one of restarts. */
  #starting: { resolve(): void; reject(error: SensebindError): void } | undefined;
  #wasReady: boolean = false;
  #isBackground: boolean = false;
  #onStopped: () => void = () => {};

  constructor(options: WorkerHostOptions) {
    this.#options = options;
    this.#scheduler = new Scheduler(options.queueLimit);
    this.#policy = new RestartPolicy(options.clock);
  }

  get status(): WorkerStatus {
    return {
      state: this.#state,
      reason: this.#reason,
      restarts: this.#restarts,
      activity: this.#thread?.flags.activity ?? 'idle',
      calls: this.#thread?.flags.calls ?? 0,
      threads: this.#options.setup.threads.threadsPerWorker,
    };
  }

  /**
   * Resolves when the worker takes requests.
   *
   * @throws {SensebindError} why it cannot work with its setup, or `ENGINE_WORKER_EXITED`.
   */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#starting = { resolve, reject };
      this.#spawn();
    });
  }

  waiting(modality: Modality): number {
    return this.#scheduler.depthOf(modality) + (this.#thread?.handed.waiting(modality) ?? 0);
  }

  /** Queues `task`; whatever becomes of it is told through the task. */
  submit(task: Task): void {
    const refusal = this.#refusal();
    if (refusal !== undefined) {
      settle(task, refusal);
      return;
    }
    const older = this.#thread?.handed.takeBackOlderThan(task);
    if (older === undefined) this.#queue(task);
    else {
      this.#scheduler.putFirst(task);
      settle(older, requestSuperseded(older));
    }
    for (const other of this.#thread?.handed.takeBackLessUrgentThan(task) ?? []) {
      this.#scheduler.putFirst(other.task, other.passedOver);
    }
    this.#dispatch();
  }

  /** Takes `task` back: at once where it was not begun; a native call that runs already is let run, and no other one begins. */
  withdraw(task: Task, error: SensebindError): void {
    if (this.#scheduler.remove(task) || this.#thread?.handed.withdraw(task)) settle(task, error);
    else task.reject(error);
  }

  #queue(task: Task): void {
    const submitted = this.#scheduler.submit(task, this.#thread?.handed.waiting() ?? 0);
    if (submitted.kind === 'full') settle(task, queueFull(this.#options.queueLimit));
    if (submitted.kind === 'superseding') settle(submitted.older, requestSuperseded(submitted.older));
  }

  /** Whether the thread lets the process end while it has nothing to do. */
  setBackground(isBackground: boolean): void {
    this.#isBackground = isBackground;
    if (isBackground) this.#thread?.worker.unref();
    else this.#thread?.worker.ref();
  }

  /** Ends the worker, and every task with `ENGINE_CLOSED`. Resolves at the latest when patience with it has run out. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#become('closed', 'closed by its owner');
    this.#retry?.cancel();
    for (const task of this.#scheduler.drain()) settle(task, engineClosed());
    for (const task of this.#thread?.handed.tasks() ?? []) this.withdraw(task, engineClosed());
    this.#starting?.reject(engineClosed());
    const thread = this.#thread;
    if (thread === undefined) return;
    const stopped = await this.#askToStop(thread);
    thread.flags.forbid();
    if (stopped) {
      await thread.worker.terminate();
      return;
    }
    thread.worker.unref();
    this.#terminateOnceIdle(thread);
  }

  /** Inside a native call a thread must not be torn down. It enters no other one, so once it is idle it stays so. */
  #terminateOnceIdle(thread: Thread): void {
    if (this.#thread !== thread) return;
    if (thread.flags.activity === 'idle') {
      void thread.worker.terminate();
      return;
    }
    this.#options.clock.setTimer(LEFT_BEHIND_INTERVAL, () => this.#terminateOnceIdle(thread), { background: true });
  }

  /** True when the worker said that it has released everything, or ended; false when patience ran out. */
  #askToStop({ worker }: Thread): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = this.#options.clock.setTimer(CLOSE_PATIENCE, () => resolve(false));
      this.#onStopped = () => {
        timer.cancel();
        resolve(true);
      };
      worker.postMessage({ kind: 'stop' } satisfies WorkerMessage);
    });
  }

  /** Starts the thread; that this machine has no room for one is a failure like any other. */
  #spawn(): void {
    try {
      this.#startThread();
    } catch (error) {
      this.#onFailure(messageOf(error), error);
    }
  }

  #startThread(): void {
    const flags = new WorkerFlags();
    const handed = new HandedTasks();
    const workerData: WorkerSetup = {
      ...this.#options.setup,
      flags: flags.buffer,
      requests: handed.states.buffer,
      cpuOnlyReason: this.#cpuOnlyReason,
    };
    // The parent's flags are none of its business: `node --eval` or `--test` would change what it runs.
    const worker = new Worker(path.join(__dirname, 'worker.js'), {
      workerData,
      execArgv: [],
      name: this.#options.name,
    });
    if (this.#isBackground) worker.unref();
    const thread: Thread = { worker, flags, handed, failure: undefined };
    this.#thread = thread;
    guard(flags);
    worker.on('message', (reply: WorkerReply) => this.#onReply(thread, reply));
    worker.on('error', (error) => {
      thread.failure = error;
    });
    worker.once('exit', (code) => this.#onExit(thread, code));
  }

  #onReply(thread: Thread, reply: WorkerReply): void {
    switch (reply.kind) {
      case 'ready':
        this.#wasReady = true;
        this.#starting?.resolve();
        if (this.#state !== 'closed') {
          this.#become('ready', `${this.#restarts === 0 ? 'started' : 'started again'}${reply.note}`);
        }
        break;
      case 'refused':
        this.#starting?.reject(fromWire(reply.error));
        thread.failure = fromWire(reply.error);
        break;
      case 'provider':
        this.#options.onProvider(reply.modality, reply.inUse);
        break;
      case 'stopped':
        this.#onStopped();
        break;
      case 'failed':
        this.#answered(thread)?.reject(fromWire(reply.error));
        break;
      case 'taken-back':
        this.#answered(thread);
        break;
      default:
        this.#answered(thread)?.resolve(reply);
    }
    this.#dispatch();
  }

  /** The task that was answered; its input is read no longer. */
  #answered({ handed }: Thread): Task | undefined {
    const task = handed.answered(this.#options.clock.monotonicMicros());
    if (task === undefined) return undefined;
    this.#policy.succeeded();
    task.finish();
    return task;
  }

  #dispatch(): void {
    const thread = this.#thread;
    if (thread === undefined || this.#state !== 'ready') return;
    const now = this.#options.clock.monotonicMicros();
    for (let first = this.#scheduler.peek(); first !== undefined; first = this.#scheduler.peek()) {
      if (!thread.handed.hasRoomFor(first, now)) return;
      const { ticket: task, passedOver, late } = this.#scheduler.next(now);
      for (const missed of late) settle(missed, requestLate(missed, now));
      if (task !== undefined) this.#handOver(task, thread, { nowMicros: now, passedOver });
    }
  }

  #handOver(
    task: Task,
    { worker, handed }: Thread,
    turn: { readonly nowMicros: Micros; readonly passedOver: number },
  ): void {
    const place = handed.put(task, turn);
    try {
      worker.postMessage({ kind: 'request', request: task.request, place } satisfies WorkerMessage);
    } catch (error) {
      handed.dropLast();
      settle(task, notTransferable(error));
    }
  }

  #onExit(thread: Thread, code: number): void {
    unguard(thread.flags);
    this.#thread = undefined;
    const reason = thread.failure === undefined ? `its thread exited with code ${code}` : messageOf(thread.failure);
    const wasProbing = thread.flags.activity === 'probing';
    if (wasProbing) this.#cpuOnlyReason = `it took the worker down: ${reason}`;
    // The last one first, so that the others come before it.
    for (const { task, isBegun } of thread.handed.drain().toReversed()) {
      // Nothing is probed again, so that this load succeeds or fails on the CPU: open() need not fail for a provider.
      const goesOn = !isBegun || (wasProbing && task.request.kind === 'load');
      if (this.#state === 'closed') settle(task, engineClosed());
      else if (goesOn) this.#scheduler.putFirst(task);
      else settle(task, workerExited(reason, thread.failure));
    }
    this.#onStopped();
    this.#onFailure(reason, thread.failure);
  }

  #onFailure(reason: string, cause: unknown): void {
    if (this.#state === 'closed') return;
    if (this.#wasReady) this.#recover(reason);
    else this.#starting?.reject(workerExited(reason, cause));
  }

  #recover(reason: string): void {
    const { kind, delay } = this.#policy.failed();
    this.#retry = this.#options.clock.setTimer(delay, () => {
      this.#restarts++;
      this.#spawn();
    });
    if (kind === 'restart') {
      this.#become('restarting', reason);
      return;
    }
    this.#become('degraded', `failed too often, next try in ${delay / 1000} s: ${reason}`);
    for (const task of this.#scheduler.drain()) settle(task, engineDegraded(this.#reason));
  }

  #refusal(): SensebindError | undefined {
    if (this.#state === 'closed') return engineClosed();
    return this.#state === 'degraded' ? engineDegraded(this.#reason) : undefined;
  }

  #become(state: WorkerState, reason: string): void {
    this.#state = state;
    this.#reason = reason;
    this.#options.onChange();
  }
}
