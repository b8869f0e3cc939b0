import type { DetectedEvent } from './events/detectedEvent';
import type { EventCount } from './pipelineStats';

/** Counts events by rule and phase. */
export class EventCounter {
  readonly #counts = new Map<string, Map<string, number>>();

  add({ rule, phase }: Pick<DetectedEvent, 'rule' | 'phase'>): void {
    const phases = this.#counts.get(rule) ?? new Map<string, number>();
    phases.set(phase, (phases.get(phase) ?? 0) + 1);
    this.#counts.set(rule, phases);
  }

  counts(): readonly EventCount[] {
    return [...this.#counts].flatMap(([rule, phases]) => [...phases].map(([phase, count]) => ({ rule, phase, count })));
  }
}
