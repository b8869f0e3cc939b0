import type { MotionPart } from '../motion/motionPart';
import type { Echo } from '../radar';
import type { Sensor } from '../sensor';
import type { Voice } from '../sound/voice';
import type { Stage } from '../stage';

/** A kind of event: which sensors can perceive it, what it is called, and its part in each rendering. */
export interface EventDeclaration {
  readonly id: string;
  /** Those that can perceive it. To all others a scene with it is the same as a scene without it. */
  readonly sensors: readonly Sensor[];
  /** What it is called; captions take one by chance, the first is its label. */
  readonly phrases: readonly [string, ...string[]];
  /** `sudden`: happens in a moment and leaves a trace. `lasting`: goes on. */
  readonly onset: 'sudden' | 'lasting';
  /** Left out where it happens to robots and buildings alike. */
  readonly mounting?: 'robot';
  /** How far away it is at most; less for what is low or small. Default: 4 m. */
  readonly reachMetres?: number;
  /** What there is to see, for `vision`, `depth` and `thermal`. */
  draw?(stage: Stage): void;
  /** What there is to hear, for `audio`. */
  sound?(stage: Stage): readonly Voice[];
  /** What there is to feel, for `imu`. */
  motion?(stage: Stage): readonly MotionPart[];
  /** What a radar gets back, for `radar`. */
  echoes?(stage: Stage): readonly Echo[];
}
