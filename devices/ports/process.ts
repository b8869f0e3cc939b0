import { spawn } from 'node:child_process';
import type { Clock, Millis } from '../../runtime/clock';
import { messageOf } from '../../runtime/errors';

/** A program whose output is a device's bytes. */
export interface Command {
  readonly program: string;
  readonly arguments: readonly string[];
}

/** How a program ended. */
export type ProcessEnd =
  | { readonly kind: 'absent' }
  | { readonly kind: 'notStarted'; readonly reason: string }
  | { readonly kind: 'exited'; readonly code: number | null; readonly signal: string | null };

export interface ProcessHandlers {
  output(bytes: Uint8Array): void;
  /** One line of standard error. */
  message(line: string): void;
}

export interface RunningProcess {
  /** Resolves when the program is gone and all its output was handed over. */
  readonly ended: Promise<ProcessEnd>;
  /** Asks the program to end, then makes it. Never rejects. */
  close(): Promise<ProcessEnd>;
}

/** Starts a program; passed in, so that a driver can be fed bytes from elsewhere. */
export type StartProcess = (command: Command, handlers: ProcessHandlers) => RunningProcess;

/** How long a program has between SIGTERM and SIGKILL. */
const GRACE = 2000 as Millis;

const MAX_LINE_CHARACTERS = 1000;

/** Starts programs of this machine, without a shell, with messages in English. */
export function processStarter(clock: Clock): StartProcess {
  return (command, handlers) => {
    const child = spawn(command.program, [...command.arguments], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
    });
    const ended = new Promise<ProcessEnd>((resolve) => {
      child.once('error', (error: NodeJS.ErrnoException) => {
        if (child.pid !== undefined) return;
        resolve(error.code === 'ENOENT' ? { kind: 'absent' } : { kind: 'notStarted', reason: messageOf(error) });
      });
      child.once('close', (code, signal) => resolve({ kind: 'exited', code, signal }));
    });
    child.stdout.on('data', (bytes: Buffer) => handlers.output(bytes));
    readLines(child.stderr, handlers);
    return {
      ended,
      close: async () => {
        child.kill('SIGTERM');
        const kill = clock.setTimer(GRACE, () => child.kill('SIGKILL'));
        const end = await ended;
        kill.cancel();
        return end;
      },
    };
  };
}

/** Whole lines, and what came without a line end; a line without an end is cut rather than kept for ever. */
function readLines(stream: NodeJS.ReadableStream, handlers: ProcessHandlers): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = (lines.pop() ?? '').slice(0, MAX_LINE_CHARACTERS);
    for (const line of lines) handlers.message(line.slice(0, MAX_LINE_CHARACTERS));
  });
  stream.on('end', () => {
    if (rest !== '') handlers.message(rest);
  });
}
