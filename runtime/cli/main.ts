#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { packageVersion } from '../packageVersion';
import { registerCommands } from './commands';
import { type OutputOptions, reportError, USAGE_EXIT_CODE, UsageError } from './output';

const EXAMPLES = `
Examples:
  sensebind models convert imagebind_huge.pth ./bundle --modalities audio,text
  sensebind embed door.wav room.png --text "a dog" --bundle ./bundle
  sensebind compare --audio door.wav --text "a door" "a dog" --bundle ./bundle

Exit codes: 0 done, 1 failed, 2 wrong command line, 130 interrupted; run, watch and demo
end with 0 when they are told to stop, run with 70 when it had to end itself by force. With --json, answers and errors are JSON.`;

function createProgram({ json }: OutputOptions): Command {
  const program = new Command('sensebind')
    .description('Sensor readings in, unit vectors in one joint space out, and words decide what they mean.')
    .version(packageVersion())
    .addHelpText('after', EXAMPLES)
    .showHelpAfterError('(add --help for the options)')
    .showSuggestionAfterError()
    .exitOverride();
  if (json) program.configureOutput({ writeErr: () => undefined });
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
    const program = createProgram(options);
    await registerCommands(program, argv[2]);
    await program.parseAsync(argv);
  } catch (error) {
    process.exitCode = report(error, options);
  }
}

void main(process.argv);
