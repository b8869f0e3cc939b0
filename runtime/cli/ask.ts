import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import type { OutputOptions } from './output';

/** Whether somebody is there who can be asked. */
export function isSomebodyThere({ json }: OutputOptions): boolean {
  return json !== true && process.stdin.isTTY && process.stderr.isTTY;
}

/** Asks a question that is answered with yes or no; anything else than `yes` or `y`, and the end of the input, is no. */
export async function confirm(question: string, signal: AbortSignal): Promise<boolean> {
  // Not as a terminal: Ctrl-C must come as a signal.
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: false });
  try {
    const ended = once(lines, 'close', { signal }).then(() => '');
    const answer = await Promise.race([lines.question(`${question} [yes/no] `, { signal }), ended]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
