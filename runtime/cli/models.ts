import type { Command } from 'commander';
import { registerCache } from './models/cache';
import { registerConvert } from './models/convert';
import { registerInspect } from './models/inspect';
import { registerPlan } from './models/plan';
import { registerPull } from './models/pull';
import { registerQuantize } from './models/quantize';
import { registerSetup } from './models/setup';
import { registerVerify } from './models/verify';

/** `sensebind models …`: from a checkpoint to a bundle. */
export function registerModels(program: Command): void {
  const models = program
    .command('models')
    .description('set up, get, inspect, convert, quantize, verify and plan checkpoints and bundles');
  const registers = [
    ...[registerSetup, registerPull, registerInspect, registerConvert, registerQuantize],
    ...[registerVerify, registerPlan, registerCache],
  ];
  for (const register of registers) register(models);
}
