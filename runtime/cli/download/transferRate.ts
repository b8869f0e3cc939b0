import type { Clock, Micros } from '../../clock';
import { formatBytes } from '../output';

/** Shorter than this says little of a network. */
const WINDOW_MICROS = 10_000_000;
const STEP_MICROS = 500_000;

interface Mark {
  readonly atMicros: Micros;
  readonly bytes: number;
}

/** How fast bytes come, over the last ten seconds. */
export class TransferRate {
  readonly #clock: Clock;
  readonly #marks: Mark[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Bytes a second, once there are two marks half a second apart; what was there before the first is not counted. */
  update(bytes: number): number | undefined {
    const atMicros = this.#clock.monotonicMicros();
    const newest = this.#marks.at(-1);
    if (newest === undefined || bytes < newest.bytes) this.#marks.splice(0, this.#marks.length, { atMicros, bytes });
    else if (atMicros - newest.atMicros >= STEP_MICROS) this.#marks.push({ atMicros, bytes });
    while (this.#marks.length > 2 && atMicros - (this.#marks[0]?.atMicros ?? 0) > WINDOW_MICROS) this.#marks.shift();
    const [oldest] = this.#marks;
    const latest = this.#marks.at(-1);
    if (oldest === undefined || latest === undefined || oldest === latest) return undefined;
    return ((latest.bytes - oldest.bytes) * 1e6) / (latest.atMicros - oldest.atMicros);
  }
}

/** `12.3 MB/s`; nothing while nobody knows. */
export function describeRate(bytesPerSecond: number | undefined): string {
  return bytesPerSecond === undefined ? '' : `${formatBytes(Math.round(bytesPerSecond))}/s`;
}
