import { type ChildProcess, spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import type { Clock, Millis } from '../../runtime/clock';
import { messageOf } from '../../runtime/errors';

/** A program whose output is a device's bytes. */
export interface Command {
  readonly program: string;
  readonly arguments: readonly string[];
  /** Where its bytes come out. `descriptor3` leaves standard output free for lines of text. Default: `stdout`. */
  readonly dataOn?: 'stdout' | 'descriptor3';
  /** How it is asked to end, and how long it has before SIGKILL. Default: SIGTERM, 2 s. */
  readonly ending?: { readonly signal: 'SIGTERM' | 'SIGINT'; readonly grace: Millis };
}

/** How a program ended. */
export type ProcessEnd =
  | { readonly kind: 'absent' }
  | { readonly kind: 'notStarted'; readonly reason: string }
  | { readonly kind: 'exited'; readonly code: number | null; readonly signal: string | null };

export interface ProcessHandlers {
  /** Bytes of the device. */
  output(bytes: Uint8Array): void;
  /** Asked after each `output`: no more is read until the promise resolves, so that the program has to wait. */
  rest?(): Promise<void> | undefined;
  /** One line of standard output, where the bytes come on descriptor 3. */
  report?(line: string): void;
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

const DEFAULT_ENDING = { signal: 'SIGTERM', grace: 2000 as Millis } as const;

const MAX_LINE_CHARACTERS = 1000;

/** Starts programs of this machine, without a shell, with messages in English. */
export function processStarter(clock: Clock): StartProcess {
  return (command, handlers) => {
    const child = spawn(command.program, [...command.arguments], {
      stdio: ['ignore', 'pipe', 'pipe', ...(command.dataOn === 'descriptor3' ? (['pipe'] as const) : [])],
      env: { ...process.env, LC_ALL: 'C' },
    });
    const ended = new Promise<ProcessEnd>((resolve) => {
      child.once('error', (error: NodeJS.ErrnoException) => {
        if (child.pid !== undefined) return;
        resolve(error.code === 'ENOENT' ? { kind: 'absent' } : { kind: 'notStarted', reason: messageOf(error) });
      });
      child.once('close', (code, signal) => resolve({ kind: 'exited', code, signal }));
    });
    connect(child, command, handlers);
    const { signal, grace } = command.ending ?? DEFAULT_ENDING;
    return {
      ended,
      close: async () => {
        child.kill(signal);
        const kill = clock.setTimer(grace, () => child.kill('SIGKILL'));
        const end = await ended;
        kill.cancel();
        return end;
      },
    };
  };
}

function connect(child: ChildProcess, { dataOn }: Command, handlers: ProcessHandlers): void {
  const [, output, messages, descriptor3] = child.stdio;
  const data = dataOn === 'descriptor3' ? descriptor3 : output;
  if (isReadable(data)) readData(data, handlers);
  if (isReadable(messages)) readLines(messages, (line) => handlers.message(line));
  if (data !== output && isReadable(output)) readLines(output, (line) => handlers.report?.(line));
}

/** All our pipes are; their type says that a program could also have a pipe that is only written to. */
function isReadable(stream: ChildProcess['stdio'][number] | undefined): stream is Readable {
  return stream instanceof Readable;
}

function readData(stream: Readable, handlers: ProcessHandlers): void {
  // A program that is killed may reset its pipe; how it ended is told by `ended`.
  stream.on('error', () => undefined);
  stream.on('data', (bytes: Buffer) => {
    handlers.output(bytes);
    const rest = handlers.rest?.();
    if (rest === undefined) return;
    stream.pause();
    void rest.then(() => stream.resume());
  });
}

/** Whole lines, and what came without a line end; a line without an end is cut rather than kept for ever. */
function readLines(stream: Readable, take: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = (lines.pop() ?? '').slice(0, MAX_LINE_CHARACTERS);
    for (const line of lines) take(line.slice(0, MAX_LINE_CHARACTERS));
  });
  stream.on('end', () => {
    if (rest !== '') take(rest);
  });
}
