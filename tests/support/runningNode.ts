import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { compiled } from './paths';

/** A line of the log of `sensebind run --json`. */
export type LogLine = { readonly kind: string } & Readonly<Record<string, unknown>>;

/** A `sensebind run --json` in a process of its own. */
export interface RunningNode {
  readonly process: ChildProcess;
  readonly lines: readonly LogLine[];
  /** All that it wrote that is no line of the log. */
  readonly other: readonly string[];
  /** Exit code, or name of the signal that ended it. */
  readonly ended: Promise<number | string | null>;
  /** Resolves once a line fits; those that came before count. Rejects when the process ends without one. */
  until(fits: (line: LogLine) => boolean): Promise<LogLine>;
}

/** Starts a node, which is ended with the test at the latest. */
export function startNode(
  context: { after(cleanUp: () => Promise<void>): void },
  config: string,
  { stateHome, environment = {} }: { readonly stateHome: string; readonly environment?: Record<string, string> },
): RunningNode {
  const child = spawn(process.execPath, [compiled('runtime/cli/main'), 'run', config, '--json'], {
    env: { ...process.env, XDG_STATE_HOME: stateHome, ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const lines: LogLine[] = [];
  const other: string[] = [];
  const waiting = new Set<() => void>();
  const reader = createInterface(child.stderr).on('line', (text) => {
    if (text.startsWith('{')) lines.push(JSON.parse(text));
    else other.push(text);
    for (const look of waiting) look();
  });
  const ended = Promise.all([once(child, 'exit'), once(reader, 'close')]).then(([[code, signal]]) => signal ?? code);
  context.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return {
    process: child,
    lines,
    other,
    ended,
    until: (fits) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = lines.find(fits);
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
        void ended.then((end) => reject(new Error(`it ended with ${end} and said:\n${other.join('\n')}`)));
      }),
  };
}
