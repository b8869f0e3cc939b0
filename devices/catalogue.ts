import { arecord } from './audio/arecord';
import { wavFile } from './audio/wavFile';
import type { DeviceDeclaration } from './device';
import { bno08x } from './imu/bno08xDevice';
import { motionLines } from './imu/motionLinesDevice';
import { witmotion } from './imu/witmotionDevice';
import { mcu90640 } from './thermal/mcu90640Device';

/** Every kind of device there is. Configuration, command line and Node-RED read this list and have none of their own. */
export const deviceDeclarations: readonly DeviceDeclaration[] = [
  arecord,
  wavFile,
  witmotion,
  bno08x,
  motionLines,
  mcu90640,
];
