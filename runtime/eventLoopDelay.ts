import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Micros } from './clock';

/** How much later than asked for the event loop came round. */
export interface LoopDelay {
  readonly p50Micros: Micros;
  readonly p99Micros: Micros;
  readonly maxMicros: Micros;
}

/** How often it is looked. What is measured holds this pause, which is taken off again. */
const RESOLUTION_MILLIS = 10;

/** Measures how long the event loop is held up (design.md: p99 below 10 ms). */
export class EventLoopDelay {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MILLIS });

  start(): void {
    this.#histogram.enable();
  }

  /** What was measured since the last call. */
  take(): LoopDelay {
    const { count, max } = this.#histogram;
    const delay = (nanos: number): Micros =>
      count === 0 ? 0 : Math.max(0, Math.round(nanos / 1000 - RESOLUTION_MILLIS * 1000));
    const delays = {
      p50Micros: delay(this.#histogram.percentile(50)),
      p99Micros: delay(this.#histogram.percentile(99)),
      maxMicros: delay(max),
    };
    this.#histogram.reset();
    return delays;
  }

  stop(): void {
    this.#histogram.disable();
  }
}
