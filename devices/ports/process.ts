import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { Clock, Millis } from '../../runtime/clock';
import { messageOf } from '../../runtime/errors';
import { type DataHandlers, openDataSocket } from './dataSocket';

/** A program whose output is a device's bytes. */
export interface Command {
  readonly program: string;
  readonly arguments: readonly string[];
  /**
   * Where its bytes come out. `descriptor3` leaves standard output free for lines of text, and is faster, but only for
   * programs that wait by themselves until they may write more, as GStreamer does: it does not block. Default: `stdout`.
   */
  readonly dataOn?: 'stdout' | 'descriptor3';
  /** How it is asked to end, and how long it has before SIGKILL. Default: SIGTERM, 2 s. */
  readonly ending?: { readonly signal: 'SIGTERM' | 'SIGINT'; readonly grace: Millis };
}

/** How a program ended. */
export type ProcessEnd =
  | { readonly kind: 'absent' }
  | { readonly kind: 'notStarted'; readonly reason: string }
  | { readonly kind: 'exited'; readonly code: number | null; readonly signal: string | null };

/** Bytes of the device; `rest` is only asked where they come on descriptor 3. */
export interface ProcessHandlers extends DataHandlers {
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

const CLOSED_EARLY: ProcessEnd = { kind: 'notStarted', reason: 'closed before it was started' };

const MAX_LINE_CHARACTERS = 1000;

/** Starts programs of this machine, without a shell, with messages in English. */
export function processStarter(clock: Clock): StartProcess {
  return (command, handlers) => new Program(command, { handlers, clock });
}

class Program implements RunningProcess {
  readonly ended: Promise<ProcessEnd>;
  readonly #command: Command;
  readonly #handlers: ProcessHandlers;
  readonly #clock: Clock;
  #child: ChildProcess | undefined;
  #isClosing: boolean = false;

  constructor(command: Command, options: { readonly handlers: ProcessHandlers; readonly clock: Clock }) {
    this.#command = command;
    this.#handlers = options.handlers;
    this.#clock = options.clock;
    this.ended = this.#run().catch((error: unknown) => ({ kind: 'notStarted', reason: messageOf(error) }));
  }

  async close(): Promise<ProcessEnd> {
    this.#isClosing = true;
    const { signal, grace } = this.#command.ending ?? DEFAULT_ENDING;
    this.#child?.kill(signal);
    const kill = this.#clock.setTimer(grace, () => this.#child?.kill('SIGKILL'));
    const end = await this.ended;
    kill.cancel();
    return end;
  }

  /** Without a data socket, the program is started before this returns for the first time. */
  async #run(): Promise<ProcessEnd> {
    if (this.#command.dataOn !== 'descriptor3') return this.#spawn(undefined);
    const data = await openDataSocket(this.#handlers);
    try {
      return this.#isClosing ? CLOSED_EARLY : await this.#spawn(data.forProgram);
    } finally {
      await data.drain();
    }
  }

  async #spawn(data: Socket | undefined): Promise<ProcessEnd> {
    const child = spawn(this.#command.program, [...this.#command.arguments], {
      stdio: ['ignore', 'pipe', 'pipe', ...(data === undefined ? [] : [data])],
      env: { ...process.env, LC_ALL: 'C' },
    });
    this.#child = child;
    // The program has its own copy.
    data?.destroy();
    const ended = new Promise<ProcessEnd>((resolve) => {
      child.once('error', (error: NodeJS.ErrnoException) => {
        if (child.pid !== undefined) return;
        resolve(error.code === 'ENOENT' ? { kind: 'absent' } : { kind: 'notStarted', reason: messageOf(error) });
      });
      child.once('close', (code, signal) => resolve({ kind: 'exited', code, signal }));
    });
    const { stdout, stderr } = child;
    if (stderr !== null) readLines(stderr, (line) => this.#handlers.message(line));
    if (stdout === null) return ended;
    if (data === undefined) stdout.on('data', (bytes: Buffer) => this.#handlers.output(bytes));
    else readLines(stdout, (line) => this.#handlers.report?.(line));
    return ended;
  }
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
