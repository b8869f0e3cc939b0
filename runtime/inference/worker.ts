import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { messageOf, SensebindError } from '../errors';
import { standBack } from './background';
import { Encoders } from './encoders';
import type { WorkerReply, WorkerRequest, WorkerSetup } from './protocol';
import { WorkerFlags } from './quiesce';
import { toWire, type WireError } from './wireError';

/** Entry of the worker thread that owns sessions and preprocessing. Answers requests one by one, in order. */
async function serve(port: MessagePort, setup: WorkerSetup): Promise<void> {
  // Before any session: its threads get the priority of the one that starts them.
  const refusal = standBack();
  const flags = new WorkerFlags(setup.flags);
  const post = (reply: WorkerReply, transfer: readonly ArrayBuffer[] = []): void => port.postMessage(reply, transfer);
  let encoders: Encoders;
  try {
    encoders = await flags.during(
      'starting',
      () =>
        new Encoders(setup, { flags, onProvider: (modality, inUse) => post({ kind: 'provider', modality, inUse }) }),
    );
  } catch (error) {
    post({ kind: 'refused', error: wireErrorOf(error) });
    return;
  }
  let previous: Promise<void> = Promise.resolve();
  port.on('message', (request: WorkerRequest) => {
    previous = previous.then(async () => {
      if (request.kind === 'stop') {
        await encoders.release();
        post({ kind: 'stopped' });
        return;
      }
      const reply = await answer(encoders, request);
      post(reply, memoryOf(reply));
    });
  });
  post({ kind: 'ready', note: refusal === undefined ? '' : `, in the way of others: ${refusal}` });
}

async function answer(encoders: Encoders, request: Exclude<WorkerRequest, { kind: 'stop' }>): Promise<WorkerReply> {
  try {
    switch (request.kind) {
      case 'load':
        await encoders.of(request.modality).load();
        return { kind: 'loaded' };
      case 'reload':
        await encoders.of(request.modality).reload();
        return { kind: 'loaded' };
      case 'encode':
        return { kind: 'encoded', outcome: await encoders.of(request.modality).encode(request.input) };
      case 'prepare':
        return { kind: 'prepared', prepared: await encoders.of(request.modality).prepare(request.input) };
    }
  } catch (error) {
    return { kind: 'failed', error: wireErrorOf(error) };
  }
}

/** Buffers with one owner, moved instead of copied. */
function memoryOf(reply: WorkerReply): readonly ArrayBuffer[] {
  const arrays =
    reply.kind === 'encoded'
      ? [reply.outcome.vector]
      : reply.kind === 'prepared'
        ? reply.prepared.items.map(({ data }) => data)
        : [];
  return arrays.flatMap(({ buffer }) => (buffer instanceof ArrayBuffer ? buffer : []));
}

function wireErrorOf(error: unknown): WireError {
  if (error instanceof SensebindError) return toWire(error);
  return {
    code: 'ENCODE_FAILED',
    message: `Expected an embedding, found a failure inside the encoder: ${messageOf(error)}`,
    cure: 'Other requests are not affected. Please report this with the input that led to it.',
    cause: error instanceof Error ? (error.stack ?? error.message) : String(error),
  };
}

if (parentPort === null) throw new Error('this module runs in a worker thread only');
void serve(parentPort, workerData as WorkerSetup);
