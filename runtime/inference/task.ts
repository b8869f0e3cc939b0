import type { Micros } from '../clock';
import type { SensebindError } from '../errors';
import type { Modality } from '../reading';
import type { WorkerReply, WorkerRequest } from './protocol';
import type { Priority, Ticket } from './scheduler';

/** What a worker answers to a request that it could serve. */
export type Answer = Extract<WorkerReply, { readonly kind: 'loaded' | 'encoded' | 'prepared' }>;

/** One request on its way: waiting, running, then settled once. */
export class Task implements Ticket {
  readonly modality: Modality;
  readonly source?: string;
  readonly priority: Priority;
  readonly deadlineMicros?: Micros;
  readonly request: WorkerRequest;
  readonly answer: Promise<Answer>;
  /** When it was handed to the worker, monotonic; 0 until then. */
  startedMicros: Micros = 0;
  readonly #releaseInput: () => void;
  #resolve: (answer: Answer) => void = () => {};
  #reject: (error: SensebindError) => void = () => {};

  constructor(
    ticket: Ticket,
    { request, releaseInput }: { readonly request: WorkerRequest; readonly releaseInput: () => void },
  ) {
    this.modality = ticket.modality;
    if (ticket.source !== undefined) this.source = ticket.source;
    this.priority = ticket.priority;
    if (ticket.deadlineMicros !== undefined) this.deadlineMicros = ticket.deadlineMicros;
    this.request = request;
    this.#releaseInput = releaseInput;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  resolve(answer: Answer): void {
    this.#resolve(answer);
  }

  /** Has no effect on a task that is settled. */
  reject(error: SensebindError): void {
    this.#reject(error);
  }

  /** Once, when no worker reads its input any more. */
  finish(): void {
    this.#releaseInput();
  }
}
