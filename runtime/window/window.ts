import type { Micros, Millis } from '../clock';
import type { Frame } from '../frames';
import type { EncoderInput } from '../preprocess/input';
import type { Flag, Reading } from '../reading';

/** The readings that one encoder input needs, ready to encode. */
export interface Window {
  readonly input: EncoderInput;
  /** What it covers: wall time, microseconds since the epoch. */
  readonly startMicros: Micros;
  readonly endMicros: Micros;
  /** When its last reading came, on the monotonic clock. */
  readonly completedMicros: Micros;
  readonly flags: readonly Flag[];
  /** The memory that `input` stands on: whoever takes the window releases it. */
  readonly frame: Frame;
}

/** How long a window is, and how far apart two of them start. */
export interface WindowSize {
  readonly window: Millis;
  readonly hop: Millis;
}

/** Why a window did not come to be. */
export type WindowDrop =
  /** A newer one was complete at the same time. */
  | 'superseded'
  /** Its samples were overwritten before it was complete. */
  | 'overwritten'
  /** All shared memory was in use. */
  | 'memory';

export interface WindowEvents {
  window(window: Window): void;
  dropped(reason: WindowDrop): void;
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
