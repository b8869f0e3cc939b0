import type { Clock, Micros } from './clock';
import { Rate } from './rate';
import { type Durations, RecentDurations } from './recentDurations';
import { type Stage, type StageFigures, StageTimes } from './stageTimes';

/** What one source did since it was started. */
export interface LaneStats {
  readonly readings: number;
  readonly readingsPerSecond: number;
  readonly windows: number;
  readonly windowsPerSecond: number;
  readonly embeddings: number;
  readonly gaps: number;
  readonly drops: Readonly<Record<string, number>>;
  readonly stages: Readonly<Partial<Record<Stage, StageFigures>>>;
  /** From a complete window to its embedding; `undefined` before the first. */
  readonly encode: Durations | undefined;
}

/** Counts and times what becomes of the readings of one source. */
export class LaneMeter {
  readonly #drops: Record<string, number> = {};
  readonly #stages = new StageTimes();
  readonly #encode = new RecentDurations();
  readonly #readingRate: Rate;
  readonly #windowRate: Rate;
  #readings = 0;
  #windows = 0;
  #embeddings = 0;
  #gaps = 0;
  #dropped = 0;

  constructor(clock: Clock) {
    this.#readingRate = new Rate(clock);
    this.#windowRate = new Rate(clock);
  }

  get gaps(): number {
    return this.#gaps;
  }

  /** All drops, whatever their reason. */
  get dropped(): number {
    return this.#dropped;
  }

  reading(): void {
    this.#readings++;
    this.#readingRate.add();
  }

  window(): void {
    this.#windows++;
    this.#windowRate.add();
  }

  /** `micros`: since its window was complete. */
  embedding(micros: Micros): void {
    this.#embeddings++;
    this.#encode.add(micros);
  }

  gap(): void {
    this.#gaps++;
  }

  drop(reason: string, amount = 1): void {
    this.#dropped += amount;
    this.#drops[reason] = (this.#drops[reason] ?? 0) + amount;
  }

  took(stage: Stage, micros: Micros): void {
    this.#stages.add(stage, micros);
  }

  stats(): LaneStats {
    return {
      readings: this.#readings,
      readingsPerSecond: this.#readingRate.perSecond(),
      windows: this.#windows,
      windowsPerSecond: this.#windowRate.perSecond(),
      embeddings: this.#embeddings,
      gaps: this.#gaps,
      drops: { ...this.#drops },
      stages: this.#stages.snapshot(),
      encode: this.#encode.count === 0 ? undefined : this.#encode.snapshot(),
    };
  }
}
