import type { Command } from 'commander';
import { registerConvert } from './models/convert';
import { registerInspect } from './models/inspect';
import { registerPull } from './models/pull';
import { registerQuantize } from './models/quantize';
import { registerSetup } from './models/setup';
import { registerVerify } from './models/verify';

/** `sensebind models …`: from a checkpoint to a bundle. */
export function registerModels(program: Command): void {
  const models = program
    .command('models')
    .description('set up, get, inspect, convert, verify and quantize checkpoints and bundles');
  const registers = [registerSetup, registerPull, registerInspect, registerConvert, registerQuantize, registerVerify];
  for (const register of registers) register(models);
}
