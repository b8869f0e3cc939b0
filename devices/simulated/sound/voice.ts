export const SOUND_RATE_HZ = 16_000;

/** Slow changes are worked out once for this many samples (2 ms), with straight lines between. Blocks are multiples of it. */
export const CONTROL_SAMPLES = 32;

/** Something that changes with the seconds since its event started. */
export type Curve = (seconds: number) => number;

/** A part of a sound. Keeps its state from one block to the next, so that blocks of any length make the same sound. */
export interface Voice {
  /**
   * Adds its next samples.
   *
   * @param block - Its length is a multiple of {@link CONTROL_SAMPLES}.
   * @param firstSample - Samples since the event started: where the block before ended.
   */
  add(block: Float32Array, firstSample: number): void;
}

/** A curve of a number, and a curve as it is. */
export function curveOf(value: number | Curve): Curve {
  return typeof value === 'number' ? () => value : value;
}
