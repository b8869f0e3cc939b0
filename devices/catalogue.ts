import { arecord } from './audio/arecord';
import { rtspMicrophone } from './audio/rtspMicrophone';
import { soundFile } from './audio/soundFile';
import { testMicrophone } from './audio/testMicrophone';
import { wavFile } from './audio/wavFile';
import type { DeviceDeclaration } from './device';
import { csiCamera } from './vision/csiCamera';
import { rtspCamera } from './vision/rtspCamera';
import { testCamera } from './vision/testCamera';
import { v4l2Camera } from './vision/v4l2Camera';
import { videoFile } from './vision/videoFile';

/** Every kind of device there is. Configuration, command line and Node-RED read this list and have none of their own. */
export const deviceDeclarations: readonly DeviceDeclaration[] = [
  arecord,
  wavFile,
  rtspMicrophone,
  soundFile,
  testMicrophone,
  v4l2Camera,
  csiCamera,
  rtspCamera,
  videoFile,
  testCamera,
];
