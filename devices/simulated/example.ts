import type { PictureSize } from './camera';
import { renderDepth } from './depth';
import { HEARD_SECONDS, PICTURE_SECONDS, SCENE_SECONDS } from './drawScene';
import { MOTION_RATE_HZ, type MotionBlock } from './motion/motionPart';
import { MotionTrack } from './motion/motionTrack';
import { renderRadar } from './radar';
import { renderRgb } from './rgb';
import { perceivedBy, type Scene } from './scene';
import { SoundTrack } from './sound/soundTrack';
import { SOUND_RATE_HZ } from './sound/voice';
import { renderThermal } from './thermal';

/** One scene as all sensors have it, as plain arrays: what a small model is trained on. */
export interface Example {
  /** 64×64, three bytes a pixel. */
  readonly rgb: Uint8Array;
  /** 64×64, metres, 0 = missing. */
  readonly depthMetres: Float32Array;
  /** 32×32. */
  readonly kelvin: Float32Array;
  /** 2 s at 16 kHz, PCM in [-1, 1]. */
  readonly sound: Float32Array;
  /** 5 s at 200 Hz: x, y, z in m/s², then roll, pitch and yaw rate in rad/s, each 1000 long. */
  readonly motion: MotionBlock;
  /** 128 bins of 0.0625 m. */
  readonly radar: Float32Array;
}

export const EXAMPLE_PICTURE: PictureSize = { width: 64, height: 64 };
export const EXAMPLE_THERMAL: PictureSize = { width: 32, height: 32 };

/** Each sensor's view of a scene by itself, for whoever does not need them all. */
export const exampleOf = {
  vision: (scene: Scene): Uint8Array => renderRgb(scene, { size: EXAMPLE_PICTURE, atSeconds: PICTURE_SECONDS }),
  depth: (scene: Scene): Float32Array => renderDepth(scene, { size: EXAMPLE_PICTURE, atSeconds: PICTURE_SECONDS }),
  thermal: (scene: Scene): Float32Array => renderThermal(scene, { size: EXAMPLE_THERMAL, atSeconds: PICTURE_SECONDS }),
  audio: (scene: Scene): Float32Array => {
    const heard = perceivedBy(scene, 'audio');
    const { from, to } = HEARD_SECONDS;
    return new SoundTrack(heard, { fromSeconds: from }).next((to - from) * SOUND_RATE_HZ, heard.happenings);
  },
  imu: (scene: Scene): MotionBlock => {
    const felt = perceivedBy(scene, 'imu');
    return new MotionTrack(felt, { fromSeconds: 0 }).next(SCENE_SECONDS * MOTION_RATE_HZ, felt.happenings);
  },
  radar: (scene: Scene): Float32Array => renderRadar(scene, { atSeconds: PICTURE_SECONDS }),
} as const;

/** The scene as all sensors have it, in step. */
export function renderExample(scene: Scene): Example {
  return {
    rgb: exampleOf.vision(scene),
    depthMetres: exampleOf.depth(scene),
    kelvin: exampleOf.thermal(scene),
    sound: exampleOf.audio(scene),
    motion: exampleOf.imu(scene),
    radar: exampleOf.radar(scene),
  };
}
