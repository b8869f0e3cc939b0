import { type Clock, type Micros, type Millis, sleep } from '../../runtime/clock';
import { SensebindError } from '../../runtime/errors';
import { type ReadOptions, type RecordedItem, readRecording } from './readRecording';
import type { SessionStart } from './readSegment';
import type { ReplayClock } from './replayClock';

type Consume = (item: RecordedItem) => void | Promise<void>;

/**
 * Replays in lock step: each item is handed over when the one before it is dealt with, so nothing is late and nothing is
 * dropped. `clock` is set to the time of each item before it is handed over.
 *
 * @throws {SensebindError} as {@link readRecording} does; `QUEUE_FULL` when the consumer keeps so many pictures that
 * there is no memory for the next.
 */
export async function replayInLockStep(
  path: string,
  options: ReadOptions & { readonly clock?: ReplayClock; readonly signal?: AbortSignal },
  consume: Consume,
): Promise<void> {
  let start: SessionStart | undefined;
  for await (const item of readRecording(path, options)) {
    if (options.signal?.aborted) return;
    if (item.kind === 'no-memory') throw outOfMemory(item.source);
    if (item.kind === 'session') start = item;
    if ('logMicros' in item && start !== undefined)
      options.clock?.advance({
        epochMicros: item.logMicros,
        monotonicMicros: start.startMonotonicMicros + item.logMicros - start.startMicros,
      });
    await consume(item);
  }
}

/** Where a session is on the clock of this machine. */
export interface Pacing {
  readonly start: SessionStart;
  /** The clock of this machine when the replay of the session began. */
  readonly beganMicros: Micros;
}

/**
 * Replays as fast as it was recorded, or `speed` times as fast: each item at its time. A replay that is late catches up.
 *
 * @throws {SensebindError} as {@link readRecording} does.
 */
export async function replayInTime(
  path: string,
  options: ReadOptions & { readonly clock: Clock; readonly speed: number; readonly signal: AbortSignal },
  consume: (item: RecordedItem, pacing: Pacing | undefined) => void,
): Promise<void> {
  const { clock, speed, signal } = options;
  let pacing: Pacing | undefined;
  for await (const item of readRecording(path, options)) {
    if (item.kind === 'session') pacing = { start: item, beganMicros: clock.monotonicMicros() };
    if ('logMicros' in item && pacing !== undefined) {
      const dueMicros = pacing.beganMicros + (item.logMicros - pacing.start.startMicros) / speed;
      await sleep(clock, ((dueMicros - clock.monotonicMicros()) / 1000) as Millis, signal);
    }
    if (signal.aborted) return;
    consume(item, pacing);
  }
}

function outOfMemory(source: string): SensebindError {
  return new SensebindError(
    'QUEUE_FULL',
    `expected memory for a picture of "${source}", found all of it in use`,
    'release each picture before the next one is read, or give the replay more memory',
  );
}
