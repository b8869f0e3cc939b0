import type { Clock, Millis } from '../clock';
import type { ErrorCode, SensebindError } from '../errors';

/** How often it is told how many more there were. */
const PERIOD = 60_000 as Millis;

/** Windows that a busy machine leaves out, one after the other. They are counted in health and metrics. */
const LOSSES: ReadonlySet<ErrorCode> = new Set(['REQUEST_SUPERSEDED', 'REQUEST_LATE', 'QUEUE_FULL']);

export interface Loss {
  readonly source: string;
  readonly error: SensebindError;
}

/** Losses of one kind that go on. */
interface Run {
  last: Loss;
  more: number;
}

/**
 * Tells of windows that are lost without flooding the log: the first of a source and reason at once, and after each minute
 * how many more there were. After a minute without any, the next one is a first one again.
 */
export class LossLog {
  readonly #clock: Clock;
  readonly #tell: (loss: Loss, more: number) => void;
  readonly #runs = new Map<string, Run>();

  /** @param tell - `more`: how many were lost after those that were told of before; 0 for a first one. */
  constructor(clock: Clock, tell: (loss: Loss, more: number) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** False where an error is none of these. */
  take(loss: Loss): boolean {
    if (!LOSSES.has(loss.error.code)) return false;
    const key = `${loss.source} ${loss.error.code}`;
    const run = this.#runs.get(key);
    if (run !== undefined) {
      run.more++;
      run.last = loss;
      return true;
    }
    this.#runs.set(key, { last: loss, more: 0 });
    this.#summariseLater(key);
    this.#tell(loss, 0);
    return true;
  }

  #summariseLater(key: string): void {
    this.#clock.setTimer(PERIOD, () => this.#summarise(key), { background: true });
  }

  #summarise(key: string): void {
    const run = this.#runs.get(key);
    if (run === undefined) return;
    if (run.more === 0) {
      this.#runs.delete(key);
      return;
    }
    this.#tell(run.last, run.more);
    run.more = 0;
    this.#summariseLater(key);
  }
}
