import { arecord } from './audio/arecord';
import { wavFile } from './audio/wavFile';
import type { DeviceDeclaration } from './device';
import { simulatedDevices } from './simulated/devices';

/** Every kind of device there is. Configuration, command line and Node-RED read this list and have none of their own. */
export const deviceDeclarations: readonly DeviceDeclaration[] = [arecord, wavFile, ...simulatedDevices];
