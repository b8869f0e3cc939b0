import type { Clock, Millis } from '../runtime/clock';

/** Resolves after `micros`, or as soon as `signal` aborts. */
export function sleep(clock: Clock, micros: number, signal: AbortSignal): Promise<void> {
  if (micros <= 0) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      timer.cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.setTimer((micros / 1000) as Millis, done);
    signal.addEventListener('abort', done, { once: true });
  });
}
