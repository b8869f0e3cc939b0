/** A duration in milliseconds; a bare number does not compile. */
export type Millis = number & { readonly unit: 'ms' };

/** Timers of Node.js fire at once beyond 2^31 ms: who waits longer sets one of this, then another. */
export const LONGEST_TIMER = (2 ** 30) as Millis;

/** A point or duration in integer microseconds, on the monotonic clock unless a name says otherwise. */
export type Micros = number;

/** A timer that was set; `cancel` may be called at any time, also after it fired. */
export interface Timer {
  cancel(): void;
}

/**
 * Where time comes from. Passed in everywhere, so that replay, soak and clock-jump tests can bring their own
 * (design.md rule 9).
 */
export interface Clock {
  /** Wall time: integer microseconds since the Unix epoch. May jump. */
  epochMicros(): Micros;
  /** Integer microseconds since an arbitrary start. Never jumps, never runs backwards. */
  monotonicMicros(): Micros;
  /** Calls `callback` once after `delay`. The timer does not keep the process alive when `background` is set. */
  setTimer(delay: Millis, callback: () => void, options?: { readonly background?: boolean }): Timer;
}

/** What the wall clock is off by from here on has jumped: NTP steps from 128 ms on, and slews what is less. */
const JUMP_MICROS = 20_000;

/**
 * Wall time to the microsecond that follows a clock which is set: a box without a battery starts in 1970, and has its time
 * seconds later. Between jumps it runs as the monotonic clock does.
 *
 * @param wallMillis - The machine's wall clock, whole milliseconds.
 * @param monotonicMillis - Fractions included.
 */
export function followedWallClock(wallMillis: () => number, monotonicMillis: () => number): () => Micros {
  const measure = (): { readonly monotonicMicros: Micros; readonly offsetMicros: Micros } => {
    const monotonicMicros = monotonicMillis() * 1000;
    // Whole milliseconds are half of one behind on average.
    return { monotonicMicros, offsetMicros: wallMillis() * 1000 + 500 - monotonicMicros };
  };
  let { offsetMicros } = measure();
  const isJump = (seen: { readonly offsetMicros: Micros }): boolean =>
    Math.abs(seen.offsetMicros - offsetMicros) > JUMP_MICROS;
  return () => {
    let seen = measure();
    // A process that was held up between its two clocks sees a jump that is none, once.
    if (isJump(seen)) seen = measure();
    if (isJump(seen)) offsetMicros = seen.offsetMicros;
    return Math.round(seen.monotonicMicros + offsetMicros);
  };
}

/** The clock of the machine. */
export const systemClock: Clock = {
  epochMicros: followedWallClock(Date.now, () => performance.now()),
  monotonicMicros: () => Math.round(performance.now() * 1000),
  setTimer: (delay, callback, options) => {
    const handle = setTimeout(callback, delay);
    if (options?.background) handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};

/** Resolves after `delay`, or as soon as `signal` aborts. */
export function sleep(clock: Clock, delay: Millis, signal: AbortSignal): Promise<void> {
  if (delay <= 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      timer.cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.setTimer(delay, done);
    signal.addEventListener('abort', done, { once: true });
  });
}
