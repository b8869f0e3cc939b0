import type { Micros } from '../clock';

/** An instant on both clocks: durations run on the monotonic one, the wall clock only stamps. */
export interface Instant {
  readonly monotonicMicros: Micros;
  readonly epochMicros: Micros;
}

/** The same distance on both clocks. */
export function later({ monotonicMicros, epochMicros }: Instant, byMicros: Micros): Instant {
  return { monotonicMicros: monotonicMicros + byMicros, epochMicros: epochMicros + byMicros };
}
