import { SingleBar } from 'cli-progress';
import { formatBytes, type OutputOptions, printNote } from './output';

/** Shows how far a long step is: a bar on a terminal, a line every tenth elsewhere, nothing for programs. */
export interface Progress {
  update(progress: { readonly step: string; readonly doneBytes: number; readonly totalBytes: number }): void;
  stop(): void;
}

const SILENT: Progress = { update: () => undefined, stop: () => undefined };

/** Progress on the standard error, so that the answer stays clean. */
export function startProgress({ json }: OutputOptions): Progress {
  if (json) return SILENT;
  return process.stderr.isTTY ? bars() : lines();
}

function bars(): Progress {
  let bar: SingleBar | undefined;
  let current = '';
  const stop = (): void => {
    bar?.stop();
    bar = undefined;
  };
  return {
    update: ({ step, doneBytes, totalBytes }) => {
      if (bar === undefined || step !== current) {
        stop();
        current = step;
        bar = new SingleBar({
          format: '{step} {bar} {percentage}% of {size}, {eta_formatted} left',
          barsize: 30,
          stream: process.stderr,
          // Ours are the signal handlers: the bar must not end the process.
          gracefulExit: false,
        });
        bar.start(totalBytes, doneBytes, { step: step.padEnd(8), size: formatBytes(totalBytes) });
      }
      bar.update(doneBytes);
    },
    stop,
  };
}

/** Smaller steps are over before a line about them could be read. */
const WORTH_A_LINE_BYTES = 2 ** 27;

function lines(): Progress {
  let shown = '';
  return {
    update: ({ step, doneBytes, totalBytes }) => {
      if (totalBytes < WORTH_A_LINE_BYTES) return;
      const tenths = Math.floor((10 * doneBytes) / totalBytes);
      const line = `${step}: ${tenths * 10} % of ${formatBytes(totalBytes)}`;
      if (line !== shown) printNote(line);
      shown = line;
    },
    stop: () => undefined,
  };
}
