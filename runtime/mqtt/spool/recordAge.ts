import type { Clock } from '../../clock';
import type { SpoolRecord } from './record';

/** A wall clock that stands before is not set: boxes without a battery start in 1970. */
const CLOCK_IS_SET_MILLIS = Date.UTC(2020, 0, 1);

/** When a record came, by both clocks. */
export type RecordStamp = Pick<SpoolRecord, 'boot' | 'monotonicMillis' | 'storedMillis'>;

/**
 * How old records are. Within one process by the monotonic clock, so that jumps of the wall clock neither drop nor
 * delay anything; across processes by the wall clock, where both ends of it can be believed.
 */
export class RecordAge {
  readonly #clock: Clock;
  readonly #boot: number;

  constructor(clock: Clock, boot: number) {
    this.#clock = clock;
    this.#boot = boot;
  }

  /** Milliseconds; `undefined` when nobody can know. */
  millis({ boot, monotonicMillis, storedMillis }: RecordStamp): number | undefined {
    if (boot === this.#boot) return Math.max(0, this.#clock.monotonicMicros() / 1000 - monotonicMillis);
    const now = this.#clock.epochMicros() / 1000;
    if (storedMillis < CLOCK_IS_SET_MILLIS || now < storedMillis) return undefined;
    return now - storedMillis;
  }

  isExpired(record: SpoolRecord): boolean {
    const age = this.millis(record);
    return record.lifeSeconds > 0 && age !== undefined && age > record.lifeSeconds * 1000;
  }

  /** What a record of this moment carries. */
  stamp(): RecordStamp {
    return {
      boot: this.#boot,
      monotonicMillis: Math.floor(this.#clock.monotonicMicros() / 1000),
      storedMillis: Math.max(0, Math.floor(this.#clock.epochMicros() / 1000)),
    };
  }
}
