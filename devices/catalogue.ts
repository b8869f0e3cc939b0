import { arecord } from './audio/arecord';
import { wavFile } from './audio/wavFile';
import { pngFolder } from './depth/pngFolder';
import { realsense } from './depth/realsense';
import type { DeviceDeclaration } from './device';
import { bno08x } from './imu/bno08xDevice';
import { iio } from './imu/iio';
import { motionLines } from './imu/motionLinesDevice';
import { witmotion } from './imu/witmotionDevice';
import { infiray } from './thermal/infiray';
import { lepton } from './thermal/lepton';
import { mcu90640 } from './thermal/mcu90640Device';

/** Every kind of device there is. Configuration, command line and Node-RED read this list and have none of their own. */
export const deviceDeclarations: readonly DeviceDeclaration[] = [
  arecord,
  wavFile,
  pngFolder,
  realsense,
  iio,
  infiray,
  lepton,
  witmotion,
  bno08x,
  motionLines,
  mcu90640,
];
