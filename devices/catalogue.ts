import { arecord } from './audio/arecord';
import { rtspMicrophone } from './audio/rtspMicrophone';
import { soundFile } from './audio/soundFile';
import { testMicrophone } from './audio/testMicrophone';
import { wavFile } from './audio/wavFile';
import { pngFolder } from './depth/pngFolder';
import { realsense } from './depth/realsense';
import type { DeviceDeclaration } from './device';
import { bno08x } from './imu/bno08xDevice';
import { iio } from './imu/iio';
import { motionLines } from './imu/motionLinesDevice';
import { witmotion } from './imu/witmotionDevice';
import { readingsInDevices } from './readingsIn/devices';
import { replayDevices } from './recording/replayDevice';
import { simulatedDevices } from './simulated/devices';
import { infiray } from './thermal/infiray';
import { lepton } from './thermal/lepton';
import { mcu90640 } from './thermal/mcu90640Device';
import { csiCamera } from './vision/csiCamera';
import { rtspCamera } from './vision/rtspCamera';
import { testCamera } from './vision/testCamera';
import { v4l2Camera } from './vision/v4l2Camera';
import { videoFile } from './vision/videoFile';

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
  rtspMicrophone,
  soundFile,
  testMicrophone,
  v4l2Camera,
  csiCamera,
  rtspCamera,
  videoFile,
  testCamera,
  ...readingsInDevices,
  ...replayDevices,
  ...simulatedDevices,
];
