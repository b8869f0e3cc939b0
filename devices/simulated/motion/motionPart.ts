export const MOTION_RATE_HZ = 200;

/** Six values of one moment, planar: specific force x, y, z in m/s², then angular velocity x, y, z in rad/s; FLU. */
export type MotionBlock = readonly [Float32Array, Float32Array, Float32Array, Float32Array, Float32Array, Float32Array];

/** A part of a motion. Keeps its state from one block to the next. */
export interface MotionPart {
  /** Adds its next samples; `firstSample` counts from when its event started. */
  add(block: MotionBlock, firstSample: number): void;
}

/** Strength along each of the six axes. */
export type Axes = readonly [x: number, y: number, z: number, roll: number, pitch: number, yaw: number];

/** Adds `value` along the axes, at one sample. */
export function addAlong(block: MotionBlock, index: number, value: number, axes: Axes): void {
  for (let axis = 0; axis < 6; axis++) {
    const part = axes[axis] ?? 0;
    const line = block[axis];
    if (part !== 0 && line !== undefined) line[index] = (line[index] ?? 0) + part * value;
  }
}
