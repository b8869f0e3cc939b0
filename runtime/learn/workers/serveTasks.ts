import { type MessagePort, parentPort } from 'node:worker_threads';
import { messageOf, SensebindError } from '../../errors';
import { toWire, type WireError } from '../../inference/wireError';
import type { SceneTask, TaskReply } from './protocol';

/** A result, and the memory in it that is moved instead of copied. */
export interface Made<Result> {
  readonly result: Result;
  readonly transfer: readonly ArrayBuffer[];
}

/** In a worker thread: answers tasks one by one with what `make` makes of them. */
export function serveTasks<Result>(make: (task: SceneTask) => Promise<Made<Result>>): void {
  if (parentPort === null) throw new Error('this module runs in a worker thread only');
  const port: MessagePort = parentPort;
  port.on('message', (task: SceneTask) => {
    void answer(task, make).then(({ reply, transfer }) => port.postMessage(reply, transfer));
  });
}

async function answer<Result>(
  task: SceneTask,
  make: (task: SceneTask) => Promise<Made<Result>>,
): Promise<{ readonly reply: TaskReply<Result>; readonly transfer: readonly ArrayBuffer[] }> {
  try {
    const { result, transfer } = await make(task);
    return { reply: { kind: 'made', result }, transfer };
  } catch (error) {
    return { reply: { kind: 'failed', error: wireErrorOf(error, task) }, transfer: [] };
  }
}

function wireErrorOf(error: unknown, { first, scenes }: SceneTask): WireError {
  if (error instanceof SensebindError) return toWire(error);
  return {
    code: 'INTERNAL',
    message: `Expected scenes ${first} to ${first + scenes.length - 1}, found: ${messageOf(error)}`,
    cure: 'Please report this with the parameters of the set.',
    cause: error instanceof Error ? (error.stack ?? error.message) : String(error),
  };
}
