import { createHash } from 'node:crypto';
import type { Micros } from '../clock';
import type { Flag } from '../reading';

export type Severity = 'info' | 'warning' | 'alarm';

/** What one condition of a rule saw. */
export interface Evidence {
  /** Id of the source or group. */
  readonly of: string;
  readonly what:
    | { readonly kind: 'label'; readonly label: string }
    | { readonly kind: 'measure'; readonly measure: string; readonly unit: string };
  readonly isOn: boolean;
  /** Probability, or what was measured; `null` where nothing is known at the moment. */
  readonly value: number | null;
  /** The most, or with `below` the least, since the event began; `null` before anything was seen. */
  readonly peak: number | null;
}

/** Something that started, goes on, or ended (design.md). Same id from start to end. */
export interface DetectedEvent {
  readonly id: string;
  readonly rule: string;
  readonly phase: 'new' | 'update' | 'end';
  /** Counts the messages of one event from 0. */
  readonly sequence: number;
  readonly severity: Severity;
  /** Wall time when the condition came true. */
  readonly startMicros: Micros;
  /** Wall time when it came untrue: the start and the monotonic duration, so that no clock jump makes it negative. */
  readonly endMicros: Micros | null;
  /** Wall time when this was known, reckoned like the end. */
  readonly detectedMicros: Micros;
  readonly evidence: readonly Evidence[];
  /** Id and revision of the label set that decided, where one did. */
  readonly labelSet: string | null;
  /** Why it ended. */
  readonly reason: 'condition' | 'no-data' | 'rule-changed' | null;
  readonly flags: readonly Flag[];
}

const ID_CHARACTERS = 32;

/**
 * A hash of node, rule and start: the same recording gives the same ids (design.md rule 8). Where the wall clock went back
 * between two starts, also of how often: it may come by the same instant again.
 */
export function eventId(event: {
  readonly node: string;
  readonly rule: string;
  readonly startMicros: Micros;
  readonly setBacks?: number;
}): string {
  const { node, rule, startMicros, setBacks = 0 } = event;
  const text = JSON.stringify(setBacks === 0 ? [node, rule, startMicros] : [node, rule, startMicros, setBacks]);
  return createHash('sha256').update(text).digest('hex').slice(0, ID_CHARACTERS);
}
