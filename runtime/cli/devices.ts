import type { Command } from 'commander';
import { registerList } from './devices/list';
import { registerMute } from './devices/mute';
import { registerDeviceWatch } from './devices/watch';

/** `sensebind devices …`: what is plugged in, and what it sends. */
export function registerDevices(program: Command): void {
  const devices = program.command('devices').description('find devices, watch what they send, and mute them');
  for (const register of [registerList, registerDeviceWatch, registerMute]) register(devices);
}
