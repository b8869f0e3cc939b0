import type { Command } from 'commander';
import { registerConvert } from './models/convert';
import { registerInspect } from './models/inspect';
import { registerVerify } from './models/verify';

/** `sensebind models …`: from a checkpoint to a bundle. */
export function registerModels(program: Command): void {
  const models = program.command('models').description('inspect, convert and verify checkpoints and bundles');
  for (const register of [registerInspect, registerConvert, registerVerify]) register(models);
}
