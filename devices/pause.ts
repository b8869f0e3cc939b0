import type { Clock, Millis, Timer } from '../runtime/clock';

/** Resolves after `delay`, or as soon as `signal` aborts. Does not keep the process alive. */
export function pause(clock: Clock, delay: Millis, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      timer.cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer: Timer = clock.setTimer(delay, done, { background: true });
    signal.addEventListener('abort', done, { once: true });
  });
}
