import type { MotionReading } from '../../../runtime/reading';
import type { Vector } from '../../imu/motionBatch';

/** One sample of motion, as a device puts it on the wire. */
export interface WireSample {
  /** m/s². */
  readonly acceleration: Vector;
  /** rad/s. */
  readonly angularVelocity?: Vector | undefined;
  readonly micros: number;
}

/** The samples of a reading, in their order. */
export function samplesOf({ acceleration, angularVelocity, sampleMicros }: MotionReading): WireSample[] {
  return Array.from(sampleMicros, (micros, index) => ({
    micros,
    acceleration: at(acceleration, index),
    angularVelocity: angularVelocity && at(angularVelocity, index),
  }));
}

function at([x, y, z]: MotionReading['acceleration'], index: number): Vector {
  return [x[index] ?? 0, y[index] ?? 0, z[index] ?? 0];
}

/** The nearest int16, at the end of its range for values beyond it: what a sensor sends when it is overloaded. */
export function int16(value: number): number {
  return Math.max(-32_768, Math.min(32_767, Math.round(value)));
}
