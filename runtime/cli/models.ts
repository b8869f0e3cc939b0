import type { Command } from 'commander';
import { registerCache } from './models/cache';
import { registerConvert } from './models/convert';
import { registerInspect } from './models/inspect';
import { registerPlan } from './models/plan';
import { registerVerify } from './models/verify';

/** `sensebind models …`: from a checkpoint to a bundle. */
export function registerModels(program: Command): void {
  const models = program.command('models').description('inspect, convert and verify checkpoints and bundles');
  for (const register of [registerInspect, registerConvert, registerVerify, registerPlan, registerCache])
    register(models);
}
