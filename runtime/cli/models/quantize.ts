import os from 'node:os';
import type { Command } from 'commander';
import { untilInterrupted } from '../interrupt';
import type { OutputOptions } from '../output';

export interface QuantizeFlags extends OutputOptions {
  readonly modalities?: string;
  readonly calibration?: string;
  readonly threads: string;
  readonly force?: boolean;
}

const EXAMPLES = `
Makes encoders a quarter of their size and, on most processors, two to three times as fast. Each is run on some inputs
first, so that outliers are evened out; half of the inputs are held back, and the cosine that is printed says how well the
int8 encoder agrees with the other one on those. Where it would fall below 0.99, the layers that were measured to do the
most harm stay as they were, and at worst the whole encoder does.

Without --calibration the inputs are generated from the simulated world. Recordings of your own sensors are better: they
are what the encoder will see. "time" is measured here and now: how many times as fast it runs on this machine.

Examples:
  sensebind models quantize ./bundle ./bundle-int8
  sensebind models quantize ./bundle ./bundle-int8 --modalities audio,imu,text --calibration ./recordings`;

/** `sensebind models quantize`: the encoders of a bundle in int8. */
export function registerQuantize(models: Command): void {
  models
    .command('quantize')
    .description('make a bundle whose encoders are int8: smaller, faster, and measured against the original')
    .argument('<bundle>', 'bundle in fp32 or fp16; it stays as it is')
    .argument('<folder>', 'where the new bundle goes')
    .option('--modalities <list>', 'encoders to turn into int8; all by default, others are taken over as they are')
    .option('--calibration <folder>', 'a recording of your sensors, or a folder of recordings')
    .option('--threads <number>', 'of the runtime', String(os.availableParallelism()))
    .option('--force', 'replace a bundle that is already there')
    .option('--json', 'print the figures and the manifest as JSON')
    .addHelpText('after', EXAMPLES)
    .action((bundle: string, folder: string, flags: QuantizeFlags) =>
      untilInterrupted(async (signal) => {
        // Loads the runtime and the simulated world, which no other command of models needs.
        const { quantize } = await import('./runQuantize.js');
        await quantize({ ...flags, bundle, folder, signal });
      }),
    );
}
