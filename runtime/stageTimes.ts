import type { Micros } from './clock';
import { type Durations, RecentDurations } from './recentDurations';

/**
 * What a window goes through. `age`: from the end of what it covers until it is complete; `wait`: in the queue of the
 * encoder; `preprocess` and `forward`: in the worker; `score`: words, fusion and rules; `publish`: into messages and to
 * the socket; `total`: from complete to published.
 */
export const STAGES = ['age', 'wait', 'preprocess', 'forward', 'score', 'publish', 'total'] as const;
export type Stage = (typeof STAGES)[number];

/** The newest durations of a stage, and the sum of all since the start. */
export interface StageFigures extends Durations {
  readonly count: number;
  readonly sumMicros: Micros;
}

/** How long each stage takes. Memory does not grow with time. */
export class StageTimes {
  readonly #recent = new Map<Stage, RecentDurations>(STAGES.map((stage) => [stage, new RecentDurations()]));
  readonly #sums = new Map<Stage, Micros>();

  /** A duration below 0, of a source whose clock runs ahead, counts as 0. */
  add(stage: Stage, micros: Micros): void {
    const duration = Math.max(0, micros);
    this.#recent.get(stage)?.add(duration);
    this.#sums.set(stage, (this.#sums.get(stage) ?? 0) + duration);
  }

  /** Of the stages that anything went through. */
  snapshot(): Readonly<Partial<Record<Stage, StageFigures>>> {
    const figures = [...this.#recent].flatMap(([stage, recent]) =>
      recent.count === 0
        ? []
        : [[stage, { ...recent.snapshot(), count: recent.count, sumMicros: this.#sums.get(stage) ?? 0 }] as const],
    );
    return Object.fromEntries(figures);
  }
}
