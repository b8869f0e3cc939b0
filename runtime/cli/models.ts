import type { Command } from 'commander';
import { registerConvert } from './models/convert';
import { registerInspect } from './models/inspect';
import { registerQuantize } from './models/quantize';
import { registerVerify } from './models/verify';

/** `sensebind models …`: from a checkpoint to a bundle. */
export function registerModels(program: Command): void {
  const models = program.command('models').description('inspect, convert, verify and quantize checkpoints and bundles');
  for (const register of [registerInspect, registerConvert, registerQuantize, registerVerify]) register(models);
}
