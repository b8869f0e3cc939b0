import type { Command } from 'commander';
import { registerConvert } from './models/convert';
import { registerInspect } from './models/inspect';
import { registerPull } from './models/pull';
import { registerVerify } from './models/verify';

/** `sensebind models …`: from a checkpoint to a bundle. */
export function registerModels(program: Command): void {
  const models = program.command('models').description('get, inspect, convert and verify checkpoints and bundles');
  for (const register of [registerPull, registerInspect, registerConvert, registerVerify]) register(models);
}
