import { SingleBar } from 'cli-progress';
import { formatBytes, type OutputOptions, printNote } from './output';

/** Shows how far a long step is: a bar on a terminal, a line every tenth elsewhere, nothing for programs. */
export interface Progress {
  update(progress: ByteProgress): void;
  stop(): void;
}

export interface ByteProgress {
  readonly step: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** More about it, such as a rate. */
  readonly detail?: string;
}

/** The same for things that are counted, such as scenes. */
export interface Counting {
  update(progress: Count): void;
  stop(): void;
}

interface Count {
  readonly step: string;
  readonly done: number;
  readonly total: number;
  readonly detail?: string;
}

/** Smaller steps are over before a line about them could be read. */
const WORTH_A_LINE_BYTES = 2 ** 27;
const WORTH_A_LINE_COUNT = 1000;

const SILENT: Counting = { update: () => undefined, stop: () => undefined };

/** Progress on the standard error, so that the answer stays clean. */
export function startProgress({ json }: OutputOptions): Progress {
  const counting = start({ json: json === true, format: formatBytes, worthALine: WORTH_A_LINE_BYTES });
  return {
    update: ({ doneBytes, totalBytes, ...rest }) => counting.update({ ...rest, done: doneBytes, total: totalBytes }),
    stop: counting.stop,
  };
}

/** {@link startProgress} of so many of a unit, in the plural. */
export function startCounting({ json, unit }: { readonly json: boolean; readonly unit: string }): Counting {
  return start({ json, format: (total) => `${total} ${unit}`, worthALine: WORTH_A_LINE_COUNT });
}

interface Showing {
  readonly json: boolean;
  readonly format: (total: number) => string;
  readonly worthALine: number;
}

function start(showing: Showing): Counting {
  if (showing.json) return SILENT;
  return process.stderr.isTTY ? bars(showing) : lines(showing);
}

function bars({ format }: Showing): Counting {
  let bar: SingleBar | undefined;
  let current = '';
  const stop = (): void => {
    bar?.stop();
    bar = undefined;
  };
  return {
    update: ({ step, done, total, detail = '' }) => {
      const payload = { detail: detail && `, ${detail}` };
      if (bar === undefined || step !== current) {
        stop();
        current = step;
        bar = new SingleBar({
          format: '{step} {bar} {percentage}% of {size}{detail}, {eta_formatted} left',
          barsize: 30,
          stream: process.stderr,
          // Ours are the signal handlers: the bar must not end the process.
          gracefulExit: false,
        });
        bar.start(total, done, { step: step.padEnd(8), size: format(total), ...payload });
      }
      bar.update(done, payload);
    },
    stop,
  };
}

function lines({ format, worthALine }: Showing): Counting {
  let shown = '';
  return {
    update: ({ step, done, total, detail = '' }) => {
      if (total < worthALine) return;
      const tenths = Math.floor((10 * done) / total);
      const line = `${step}: ${tenths * 10} % of ${format(total)}`;
      if (line !== shown) printNote(detail ? `${line}, ${detail}` : line);
      shown = line;
    },
    stop: () => undefined,
  };
}
