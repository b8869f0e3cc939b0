import type { Micros } from './clock';

/** The six modalities of ImageBind, or any id that a bundle declares. */
export type Modality = string;

/** How far a reading's time can be trusted. */
export type ClockQuality = 'device' | 'arrival' | 'file' | 'simulated';

/** What was noticed about a reading, a window, or the embedding made from it. Nothing is silently wrong. */
export type Flag =
  /** The sensor has no gyroscope: its axes are zero. */
  | 'axes-missing'
  | 'clipped'
  | 'gap'
  | 'holes-filled'
  | 'interpolated'
  | 'overrun'
  | 'partial-window'
  | 'replayed'
  /** No sound at all, or an input in which nothing changes: no word is true of it. */
  | 'silent'
  | 'simulated'
  /** A source that belongs to a joint embedding had nothing to say. */
  | 'source-missing'
  /** A joint embedding holds what a source saw some time ago, at less weight. */
  | 'stale'
  | 'untrained'
  /** Its protocol has a checksum, and nobody knows how this device computes it. */
  | 'unverified';

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

/** Motion: one or more samples, planar, in the body frame FLU. */
export interface MotionReading extends ReadingBase {
  readonly modality: 'imu';
  /** Monotonic instant of each sample, ascending; the first one is `monotonicMicros`. */
  readonly sampleMicros: Float64Array;
  /** Specific force x, y, z in m/s²: +9.8 upwards at rest. */
  readonly acceleration: Vectors;
  /** Angular velocity x, y, z in rad/s; left out by sensors without a gyroscope. */
  readonly angularVelocity?: Vectors;
}

/** x, y and z, an array each. */
export type Vectors = readonly [x: Float32Array, y: Float32Array, z: Float32Array];

/**
 * A picture of a camera of any kind, row-major. Its pixels stand on shared memory that is held while the sink is
 * called: whoever keeps the reading for longer retains the frame, and releases it.
 */
interface FrameReading extends ReadingBase {
  readonly width: number;
  readonly height: number;
  readonly frame: FrameHold;
}

/** Colour: 8-bit RGB, three bytes a pixel. */
export interface VisionReading extends FrameReading {
  readonly modality: 'vision';
  readonly rgb: Uint8Array;
}

/** Depth in metres along the optical axis; 0 means missing. */
export interface DepthReading extends FrameReading {
  readonly modality: 'depth';
  readonly metres: Float32Array;
  /** The camera's own baseline (metres) × focal length (pixels), where known. */
  readonly baselineFocal?: number;
}

/** Thermal radiation: kelvin, or the counts of a camera that is not radiometric. 0 K is a pixel that does not work. */
export interface ThermalReading extends FrameReading {
  readonly modality: 'thermal';
  readonly values: Float32Array;
  readonly unit: 'K' | 'counts';
}

/** Echo strength by distance, as a small radar gives it: a sensor outside the six, for bundles that declare it. */
export interface RadarReading extends ReadingBase {
  readonly modality: 'radar';
  readonly profile: Float32Array;
  /** Distance between two values, in metres. */
  readonly binMetres: number;
}

/** What a driver emits. */
export type Reading = AudioReading | MotionReading | VisionReading | DepthReading | ThermalReading | RadarReading;

/** One hold on shared memory (runtime/frames.ts). */
export interface FrameHold {
  readonly buffer: SharedArrayBuffer;
  /** Adds a holder, who must release the frame too. */
  retain(): FrameHold;
  release(): void;
}

/** Where a driver gets the memory of its frames. */
export interface FrameMemory {
  /** A frame with one holder; `undefined` when all memory is in use: the picture is dropped and counted. */
  acquire(byteLength: number): FrameHold | undefined;
}

/** Why something that a device sent did not become a reading. The amount is in bytes for `corrupt-bytes`, else in pieces. */
export type Loss =
  /** Bytes that belong to no valid frame. */
  | 'corrupt-bytes'
  /** Whole frames or samples that the device numbered, and that never came. */
  | 'lost'
  /** The host did not read in time; how much is gone is not known. */
  | 'overrun'
  /** Sent twice. */
  | 'duplicate'
  /** Came so late that a newer one is there already. */
  | 'stale'
  /** Not valid in itself: during a shutter calibration, or a value that no sensor gives. */
  | 'invalid'
  /** All shared memory was in use. */
  | 'memory';

/** Where a driver puts what it reads. */
export interface ReadingSink {
  reading(reading: Reading): void;
  /** Something was lost: counted by reason, never silent (design.md rule 2). */
  lost(reason: Loss, amount: number): void;
}

/**
 * A configured device. `run` reads it once and hands over what it reads, in order, as it comes: it resolves when
 * `signal` aborts or when there is nothing more to read (a file was played to its end). Whoever calls it restarts it.
 */
export interface Driver {
  readonly modality: Modality;
  /** @throws {SensebindError} `DEVICE_ABSENT`, `DEVICE_FAILED`, `DEVICE_FROZEN`, or why a file cannot be read. */
  run(sink: ReadingSink, signal: AbortSignal): Promise<void>;
}
