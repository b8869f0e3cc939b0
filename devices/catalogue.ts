import { arecord } from './audio/arecord';
import { wavFile } from './audio/wavFile';
import type { DeviceDeclaration } from './device';
import { replayDevices } from './recording/replayDevice';

/** Every kind of device there is. Configuration, command line and Node-RED read this list and have none of their own. */
export const deviceDeclarations: readonly DeviceDeclaration[] = [arecord, wavFile, ...replayDevices];
