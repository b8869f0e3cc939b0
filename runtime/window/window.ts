import type { Micros, Millis } from '../clock';
import type { EncoderInput } from '../preprocess/input';
import type { Flag, FrameHold, Reading } from '../reading';

/** What a window covers. */
export interface WindowSpan {
  /** Wall time, microseconds since the epoch. */
  readonly startMicros: Micros;
  readonly endMicros: Micros;
  /** The same on the monotonic clock, which never jumps: what is fused and timed goes by this. */
  readonly monotonicStartMicros: Micros;
  readonly monotonicEndMicros: Micros;
}

/** A monotonic span with its wall times: both at one offset, since clocks jump. */
export function spanOf(
  monotonic: { readonly startMicros: Micros; readonly endMicros: Micros },
  wallMinusMonotonic: Micros,
): WindowSpan {
  return {
    startMicros: Math.round(monotonic.startMicros + wallMinusMonotonic),
    endMicros: Math.round(monotonic.endMicros + wallMinusMonotonic),
    monotonicStartMicros: Math.round(monotonic.startMicros),
    monotonicEndMicros: Math.round(monotonic.endMicros),
  };
}

/** The readings that one encoder input needs, ready to encode. */
export interface Window extends WindowSpan {
  readonly input: EncoderInput;
  /** When its last reading came, on the monotonic clock. */
  readonly completedMicros: Micros;
  readonly flags: readonly Flag[];
  /** The memory that `input` stands on: whoever takes the window releases it. */
  readonly frame: FrameHold;
}

/** How long a window is, and how far apart two of them start. */
export interface WindowSize {
  /** Left out: as long as the encoder's input. A picture has no length. */
  readonly window?: Millis;
  readonly hop: Millis;
}

/** Why a window did not come to be. */
export type WindowDrop =
  /** A newer one was complete at the same time. */
  | 'superseded'
  /** Its samples were overwritten before it was complete. */
  | 'overwritten'
  /** Readings that came after newer ones; counted by picture or sample. */
  | 'late'
  /** Too few samples in its time. */
  | 'sparse'
  /** All shared memory was in use. */
  | 'memory';

export interface WindowEvents {
  window(window: Window): void;
  /** `amount` is 1 where it is left out. */
  dropped(reason: WindowDrop, amount?: number): void;
  /** Readings were lost before this one. */
  gap(): void;
}

/** Turns the readings of one source into windows. */
export interface Windows {
  /** @throws {SensebindError} `INPUT_INVALID`, `INPUT_UNSUPPORTED` for readings that do not fit the encoder. */
  append(reading: Reading): void;
  /** What comes next is not contiguous with what came before. */
  interrupt(): void;
  /** No more readings: hands over what is left, flagged where it is not a whole window. */
  finish(): void;
}
