import type { Micros } from '../../../runtime/clock';
import type { Flag, Modality, Reading } from '../../../runtime/reading';

/** Who a reading is from and when it was. */
export interface ReadingHead {
  readonly source: string;
  readonly timeMicros: Micros;
  readonly monotonicMicros: Micros;
  readonly flags: readonly Flag[];
}

/** The readings of one simulated sensor, one after another. Time is the world's own: nothing here waits. */
export interface SensorStream {
  readonly modality: Modality;
  readonly rateHz: number;
  /** `start`: a reading's time is when its samples start. `end`: it is the moment at which it is complete, as a picture's. */
  readonly timedBy: 'start' | 'end';
  /**
   * The reading of number `step`, which is complete at (step + 1) / rateHz seconds. Steps go up; after a leap the stream
   * goes on as if it had just been switched on.
   *
   * @returns `undefined` when there was no memory for a picture. The reading's frame has one holder: the caller.
   */
  read(step: number, head: ReadingHead): Promise<Reading | undefined>;
}

/** The time of a step in whole microseconds: times do not drift however long a stream is. */
export function stepMicros(step: number, rateHz: number): Micros {
  return Math.round((step * 1e6) / rateHz);
}
