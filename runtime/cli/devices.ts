import type { Command } from 'commander';
import { registerList } from './devices/list';
import { registerDeviceWatch } from './devices/watch';

/** `sensebind devices …`: what is plugged in, and what it sends. */
export function registerDevices(program: Command): void {
  const devices = program.command('devices').description('find devices, and watch what they send');
  for (const register of [registerList, registerDeviceWatch]) register(devices);
}
