import type { Micros } from './clock';

/** The six modalities of ImageBind, or any id that a bundle declares. */
export type Modality = string;

/** How far a reading's time can be trusted. */
export type ClockQuality = 'device' | 'arrival' | 'file' | 'simulated';

/** What was noticed about a reading, a window, or the embedding made from it. Nothing is silently wrong. */
export type Flag =
  | 'clipped'
  | 'gap'
  | 'holes-filled'
  | 'interpolated'
  | 'overrun'
  | 'partial-window'
  | 'replayed'
  | 'silent'
  | 'simulated'
  | 'untrained';

interface ReadingBase {
  readonly source: string;
  /** Wall time of the first sample, or of the exposure of a frame: integer microseconds since the epoch. */
  readonly timeMicros: Micros;
  /** The same instant on the monotonic clock. */
  readonly monotonicMicros: Micros;
  readonly clockQuality: ClockQuality;
  readonly flags: readonly Flag[];
}

/** Sound: one planar array a channel, PCM in [-1, 1], all of the same length. */
export interface AudioReading extends ReadingBase {
  readonly modality: 'audio';
  readonly sampleRateHz: number;
  readonly channels: readonly Float32Array[];
}

/** What a driver emits. Later modalities join this union. */
export type Reading = AudioReading;

/**
 * A configured device. `run` reads it once and hands over what it reads, in order, as it comes: it resolves when
 * `signal` aborts or when there is nothing more to read (a file was played to its end). Whoever calls it restarts it.
 */
export interface Driver {
  readonly modality: Modality;
  /** @throws {SensebindError} `DEVICE_ABSENT`, `DEVICE_FAILED`, `DEVICE_FROZEN`, or why a file cannot be read. */
  run(sink: (reading: Reading) => void, signal: AbortSignal): Promise<void>;
}
