import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { compiled } from '../support/paths';

/** V8's space for young objects is kept small, as deploy/ does: it costs nothing at this load, and saves 80 MB. */
const SMALL_HEAP = '--max-semi-space-size=1';

/** Runs one of programs/ in a process of its own, started as deploy/ starts a node; resolves to what it prints. */
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
  const child = spawn(process.execPath, [SMALL_HEAP, ...flags, file, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...environment },
  });
  const ended = once(child, 'exit');
  try {
    return await text(child.stdout);
  } finally {
    child.kill();
    await ended;
  }
}
