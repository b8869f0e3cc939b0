import type { ProcessEnd, ProcessHandlers, StartProcess } from '../../devices/ports/process';

/** A program whose output is written by the test. */
export interface TestProcess {
  readonly start: StartProcess;
  output(bytes: Uint8Array): void;
  message(line: string): void;
  readonly isClosed: () => boolean;
}

export function testProcess(): TestProcess {
  let handlers: ProcessHandlers | undefined;
  let isClosed = false;
  let resolve: (end: ProcessEnd) => void = () => {};
  const ended = new Promise<ProcessEnd>((settle) => {
    resolve = settle;
  });
  return {
    start: (_command, given) => {
      handlers = given;
      return {
        ended,
        close: () => {
          isClosed = true;
          resolve({ kind: 'exited', code: null, signal: 'SIGTERM' });
          return ended;
        },
      };
    },
    output: (bytes) => handlers?.output(bytes),
    message: (line) => handlers?.message(line),
    isClosed: () => isClosed,
  };
}
