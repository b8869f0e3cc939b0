import type { Recorder, RecorderStats } from '../../devices/recording/recorder';
import type { Clock, Millis, Timer } from '../clock';
import type { SourcesConfig } from '../config/config';
import { FramePool } from '../frames';
import type { SourceStatus } from '../source';
import { SwitchedOff } from '../switchedOff';
import { nodeState } from './nodeState';
import { openSource, PICTURE_LIMITS } from './openSource';

export interface RecordSourcesOptions {
  readonly config: SourcesConfig;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly runTime: Millis | undefined;
  readonly signal: AbortSignal;
  readonly onStatus: (source: string, status: SourceStatus) => void;
  /** Once a second. */
  readonly onProgress: (stats: RecorderStats) => void;
}

const PROGRESS_PERIOD = 1000 as Millis;

/**
 * Records the sources of a configuration until `signal`, until `runTime` is over, until every source has come to its end,
 * or until the recorder has stopped. The recorder belongs to the caller.
 */
export async function recordSources(options: RecordSourcesOptions): Promise<void> {
  const { config, recorder, clock, signal, runTime } = options;
  const memory = new FramePool(PICTURE_LIMITS);
  const mutes = await SwitchedOff.open(nodeState(config.node).muted, clock);
  const sources = config.sources.map(
    (source) => openSource(source, { clock, folder: config.folder, memory, mutes }).source,
  );
  const running = new Set(sources.filter(({ status }) => status.state !== 'disabled'));
  let runTimer: Timer | undefined;
  let progressTimer: Timer | undefined;
  await new Promise<void>((resolve) => {
    if (signal.aborted || running.size === 0) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
    if (runTime !== undefined) runTimer = clock.setTimer(runTime, resolve);
    const progress = (): void => {
      options.onProgress(recorder.stats);
      if (recorder.status.state !== 'recording') resolve();
      progressTimer = clock.setTimer(PROGRESS_PERIOD, progress);
    };
    progressTimer = clock.setTimer(PROGRESS_PERIOD, progress);
    for (const source of sources) {
      source.start({
        reading: (reading) => recorder.reading(reading),
        lost: (reason, amount) => recorder.lost(source.id, reason, amount),
        interrupted: () => undefined,
        status: (status) => options.onStatus(source.id, status),
        ended: () => {
          running.delete(source);
          if (running.size === 0) resolve();
        },
      });
    }
  });
  runTimer?.cancel();
  progressTimer?.cancel();
  await Promise.all(sources.map((source) => source.close()));
}
