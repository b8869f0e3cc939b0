import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { compiled } from '../support/paths';

/** Runs one of programs/ in a process of its own, with the memory settings of a service; resolves to what it prints. */
export async function runProgram(
  program: string,
  options: {
    readonly args: readonly string[];
    readonly flags?: readonly string[];
    readonly environment?: Readonly<Record<string, string>>;
  },
): Promise<string> {
  const { args, flags = [], environment = {} } = options;
  const file = compiled(`tests/bench/programs/${program}`);
  const child = spawn(
    process.execPath,
    ['--require', compiled('tests/bench/programs/asService'), ...flags, file, ...args],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...environment },
    },
  );
  const ended = once(child, 'exit');
  try {
    return await text(child.stdout);
  } finally {
    child.kill();
    await ended;
  }
}
