import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { compiled } from './paths';

/** What a finished `sensebind` process left. */
export interface CommandResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running `sensebind` process. */
export interface Command {
  readonly process: ChildProcess;
  readonly result: Promise<CommandResult>;
}

/**
 * Starts the compiled command line. `stateHome` keeps what it remembers out of the user's folders; what it downloads and
 * makes is in `data` in there.
 */
export function startCommand(
  args: readonly string[],
  options: { readonly stateHome: string; readonly environment?: Readonly<Record<string, string>> },
): Command {
  const child = spawn(process.execPath, [compiled('runtime/cli/main'), ...args], {
    env: {
      ...process.env,
      XDG_STATE_HOME: options.stateHome,
      XDG_DATA_HOME: path.join(options.stateHome, 'data'),
      XDG_CACHE_HOME: path.join(options.stateHome, 'cache'),
      ...options.environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const result = Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]).then(
    ([[code, signal], stdout, stderr]) => ({ code, signal, stdout, stderr }),
  );
  return { process: child, result };
}

/** {@link startCommand}, to its end. */
export function runCommand(args: readonly string[], options: { readonly stateHome: string }): Promise<CommandResult> {
  return startCommand(args, options).result;
}

/** The code of the error that a command with `--json` answered. */
export function errorCode({ stdout }: CommandResult): unknown {
  return JSON.parse(stdout).error?.code;
}
