import type { Clock, Millis } from '../../runtime/clock';
import type { Loss, Reading, ReadingSink } from '../../runtime/reading';
import { type Freeze, Liveness, type LivenessLimits } from '../liveness';

/** Time to find plug-ins, open the device, and fill the buffers of a network stream. */
const START_LIMIT = 15_000 as Millis;

/** How a stream hangs, and for how long already. */
export interface Frozen {
  readonly kind: Freeze;
  readonly after: Millis;
}

/** {@link Liveness} that leaves more time for the first reading, and counts readings. */
export class WatchedSink implements ReadingSink {
  readonly #limits: LivenessLimits;
  readonly #watch: (limits: LivenessLimits) => Liveness;
  #liveness: Liveness;
  #count = 0;

  constructor(
    sink: ReadingSink,
    options: {
      readonly clock: Clock;
      readonly limits: LivenessLimits;
      readonly onFrozen: (frozen: Frozen) => void;
    },
  ) {
    this.#limits = options.limits;
    this.#watch = (limits) =>
      new Liveness(sink, {
        clock: options.clock,
        limits,
        onFrozen: (kind) =>
          options.onFrozen({
            kind,
            after: (kind === 'same' ? limits.sameAfter : undefined) ?? limits.silentAfter,
          }),
      });
    this.#liveness = this.#watch({ silentAfter: START_LIMIT });
  }

  /** Readings so far. */
  get count(): number {
    return this.#count;
  }

  reading(reading: Reading): void {
    if (this.#count === 0) {
      this.#liveness.stop();
      this.#liveness = this.#watch(this.#limits);
    }
    this.#count++;
    this.#liveness.reading(reading);
  }

  lost(reason: Loss, amount: number): void {
    this.#liveness.lost(reason, amount);
  }

  stop(): void {
    this.#liveness.stop();
  }
}
