#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { packageVersion } from '../packageVersion';
import { registerBind } from './bind';
import { registerCompare } from './compare';
import { registerDemo } from './demo';
import { registerDevices } from './devices';
import { registerMute } from './devices/mute';
import { registerDoctor } from './doctor';
import { registerEmbed } from './embed';
import { registerEval } from './eval';
import { registerInit } from './init';
import { registerModels } from './models';
import { type OutputOptions, reportError, USAGE_EXIT_CODE, UsageError } from './output';
import { registerRecord } from './record';
import { registerReplay } from './replay';
import { registerRun } from './run';
import { registerSimulate } from './simulate';
import { registerWatch } from './watch';

const EXAMPLES = `
Examples:
  sensebind models convert imagebind_huge.pth ./bundle --modalities audio,text
  sensebind embed door.wav room.png --text "a dog" --bundle ./bundle
  sensebind compare --audio door.wav --text "a door" "a dog" --bundle ./bundle

Exit codes: 0 done, 1 failed, 2 wrong command line, 130 interrupted; run, watch and demo
end with 0 when they are told to stop, run with 70 when it had to end itself by force. With --json, answers and errors are JSON.`;

/** Every command of `sensebind`, each registered by its own file. */
function createProgram({ json }: OutputOptions): Command {
  const program = new Command('sensebind')
    .description('Sensor readings in, unit vectors in one joint space out, and words decide what they mean.')
    .version(packageVersion())
    .addHelpText('after', EXAMPLES)
    .showHelpAfterError('(add --help for the options)')
    .showSuggestionAfterError()
    .exitOverride();
  if (json) program.configureOutput({ writeErr: () => undefined });
  const commands = [
    registerDemo,
    registerInit,
    registerRun,
    registerWatch,
    registerDevices,
    registerDoctor,
    registerSimulate,
    registerRecord,
    registerReplay,
    registerEmbed,
    registerCompare,
    registerBind,
    registerEval,
    registerModels,
  ];
  for (const register of commands) register(program);
  // Who wants to mute a microphone is in a hurry.
  registerMute(program, { hidden: true });
  return program;
}

/** Reports a failure; what commander found, it has printed itself unless a program asked for JSON. */
function report(error: unknown, options: OutputOptions): number {
  if (!(error instanceof CommanderError)) return reportError(error, options);
  if (error.exitCode === 0) return 0;
  if (!options.json) return USAGE_EXIT_CODE;
  return reportError(new UsageError(error.message, 'See sensebind --help.'), options);
}

async function main(argv: readonly string[]): Promise<void> {
  const options = { json: argv.includes('--json') };
  // A reader that has seen enough, such as head, is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  try {
    await createProgram(options).parseAsync(argv);
  } catch (error) {
    process.exitCode = report(error, options);
  }
}

void main(process.argv);
