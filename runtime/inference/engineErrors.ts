import type { Micros } from '../clock';
import { messageOf, SensebindError } from '../errors';
import type { Modality } from '../reading';
import type { Task } from './task';

/** Ends a task that no worker reads any more. */
export function settle(task: Task, error: SensebindError): void {
  task.reject(error);
  task.finish();
}

export function engineClosed(): SensebindError {
  return new SensebindError(
    'ENGINE_CLOSED',
    'Expected an open engine, found one that was closed',
    'Open a new engine.',
  );
}

export function engineDegraded(reason: string): SensebindError {
  return new SensebindError(
    'ENGINE_DEGRADED',
    `Expected a working encoder worker, found one that ${reason}`,
    'Send again later; if it stays so, look at what was sent before the first failure and at free memory.',
  );
}

export function workerExited(reason: string, cause: unknown): SensebindError {
  return new SensebindError(
    'ENGINE_WORKER_EXITED',
    `Expected an answer from the encoder worker, found that it ended: ${reason}`,
    'It is started again; send the newest data once more. If it repeats, check the bundle with "sensebind models verify".',
    cause === undefined ? undefined : { cause },
  );
}

export function queueFull(limit: number): SensebindError {
  return new SensebindError(
    'QUEUE_FULL',
    `Expected at most ${limit} waiting requests, found more`,
    'Wait for earlier requests before sending more, or give requests a source so that only the newest waits.',
  );
}

export function requestSuperseded({ modality, source }: Task): SensebindError {
  return new SensebindError(
    'REQUEST_SUPERSEDED',
    `Expected the newest ${modality} of ${source}, found that a newer one came while this waited`,
    'Nothing to do: where every reading counts, send without a source.',
  );
}

export function requestLate({ modality, deadlineMicros }: Task, nowMicros: Micros): SensebindError {
  return new SensebindError(
    'REQUEST_LATE',
    `Expected to start on ${modality} by ${deadlineMicros} µs, found ${nowMicros} µs on the clock`,
    'Allow more time, ask for fewer modalities, or use a smaller or quantised encoder.',
  );
}

export function requestAborted(signal: AbortSignal): SensebindError {
  return new SensebindError(
    'REQUEST_ABORTED',
    `Expected to finish the request, found it aborted: ${messageOf(signal.reason)}`,
    'Nothing to do: the caller gave it up.',
    { cause: signal.reason },
  );
}

/** Told by the worker; the caller has gone already, with {@link requestAborted} or {@link engineClosed}. */
export function requestGivenUp(): SensebindError {
  return new SensebindError(
    'REQUEST_ABORTED',
    'Expected to finish the request, found that nobody waits for it',
    'Nothing to do: the caller gave it up.',
  );
}

export function modalityUnknown(modality: Modality, available: readonly Modality[]): SensebindError {
  return new SensebindError(
    'MODALITY_UNKNOWN',
    `Expected a modality of the bundle (${available.join(', ')}), found "${modality}"`,
    'Convert the checkpoint again with this modality, or use one that the bundle has.',
  );
}

/** Structured clone refused something that a JavaScript caller put into an input. */
export function notTransferable(cause: unknown): SensebindError {
  return new SensebindError(
    'INPUT_INVALID',
    `Expected an input of plain values and typed arrays, found ${messageOf(cause)}`,
    'Give only the fields of EncoderInput.',
    { cause },
  );
}
