import type { Micros } from './clock';

/** Durations of the last {@link REMEMBERED} pieces of work. */
export interface Durations {
  readonly p50Micros: Micros;
  readonly p95Micros: Micros;
}

/** Enough for a p95, little enough to follow a change. */
const REMEMBERED = 256;

/** A ring of the newest durations. */
export class RecentDurations {
  readonly #ring = new Float64Array(REMEMBERED);
  #added = 0;

  /** How many were ever added. */
  get count(): number {
    return this.#added;
  }

  add(micros: Micros): void {
    this.#ring[this.#added % REMEMBERED] = micros;
    this.#added++;
  }

  snapshot(): Durations {
    const sorted = this.#ring.slice(0, Math.min(this.#added, REMEMBERED)).sort();
    return { p50Micros: quantile(sorted, 0.5), p95Micros: quantile(sorted, 0.95) };
  }
}

/** Nearest rank; 0 of nothing. */
function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
