import type { Clock, Micros, Millis, Timer } from '../../clock';
import type { WorkerStatus } from '../../inference/workerHost';

/** A call of an encoder that takes longer than this does not come back (reference/anchors.md §3.1). */
export const DEFAULT_STUCK_AFTER = 10_000 as Millis;

const LOOK = 1000 as Millis;

/** The call that a worker was in at a look, and since when. */
interface Call {
  readonly calls: number;
  readonly sinceMicros: Micros;
}

export interface StuckCallsOptions {
  readonly clock: Clock;
  readonly limit: Millis;
  readonly workers: () => readonly Pick<WorkerStatus, 'activity' | 'calls'>[];
  /** Once. */
  readonly onStuck: () => void;
}

/**
 * Notices an encoder call that does not come back: a native call cannot be interrupted, and its thread serves nobody
 * else. Loading an encoder is not judged, since building engines for a GPU takes minutes.
 */
export class StuckCalls {
  readonly #options: StuckCallsOptions;
  readonly #seen = new Map<number, Call>();
  #timer: Timer | undefined;

  constructor(options: StuckCallsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = this.#options.clock.setTimer(LOOK, () => this.#look(), { background: true });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #look(): void {
    const { clock, limit, workers, onStuck } = this.#options;
    const now = clock.monotonicMicros();
    for (const [index, { activity, calls }] of workers().entries()) {
      const seen = this.#seen.get(index);
      if (activity !== 'running') this.#seen.delete(index);
      else if (seen?.calls !== calls) this.#seen.set(index, { calls, sinceMicros: now });
      else if (now - seen.sinceMicros > limit * 1000) {
        onStuck();
        return;
      }
    }
    this.start();
  }
}
