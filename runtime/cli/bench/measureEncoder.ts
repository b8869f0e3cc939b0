import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { SensebindError } from '../../errors';
import { fromWire } from '../../inference/wireError';
import type { Found, Message, Work } from './work';

/**
 * Measures an encoder in a process of its own.
 *
 * @param options - `onMeasuring` is told when it is warm and its windows begin to count, `onMeasured` after the last one.
 * @throws {SensebindError} what opening the bundle and the engine throw; `ENCODE_FAILED` when the process ends before it
 * has told its figures.
 */
export async function measureEncoder(
  work: Work,
  {
    onMeasuring,
    onMeasured,
    signal,
  }: { readonly onMeasuring: () => void; readonly onMeasured: () => void; readonly signal: AbortSignal },
): Promise<Found> {
  signal.throwIfAborted();
  const child = fork(path.join(__dirname, 'measuredEncoder.js'), [JSON.stringify(work)], {
    // Nothing but the answer may stand on the standard output.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  // By force: it holds nothing that would have to be saved, and a native call cannot be cancelled.
  const kill = (): void => void child.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  let answer: Extract<Message, { readonly kind: 'found' | 'failed' }> | undefined;
  child.on('message', (sent) => {
    // Written by our own program.
    const message = sent as Message;
    if (message.kind === 'measuring') onMeasuring();
    else if (message.kind === 'measured') onMeasured();
    else answer = message;
  });
  try {
    const [code, killedBy] = await once(child, 'close');
    signal.throwIfAborted();
    if (answer?.kind === 'found') return answer.found;
    throw answer === undefined ? ended(work, killedBy ?? `code ${code}`) : fromWire(answer.error);
  } finally {
    signal.removeEventListener('abort', kill);
  }
}

function ended({ modality, threads }: Work, how: string): SensebindError {
  return new SensebindError(
    'ENCODE_FAILED',
    `expected figures of the ${modality} encoder with ${threads} threads, found that its process ended (${how})`,
    'SIGKILL is mostly the system that is out of memory: leave that encoder out with --modalities.',
  );
}
