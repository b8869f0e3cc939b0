import { jsonMessage } from '../../runtime/mqtt/message';
import type { Outbox } from '../../runtime/mqtt/sender/outbox';

/** What a fault program found. */
export interface Found {
  /** In one line, with all figures. */
  readonly description: string;
  /** What is wrong, in words. */
  readonly problems: readonly string[];
  /** What is wrong with how long something took: tests leave it out, as they share their machine. */
  readonly tooSlow?: readonly string[];
}

/** The problems of a list that have come true. */
export function problemsOf(checks: Readonly<Record<string, boolean>>): readonly string[] {
  return Object.entries(checks).flatMap(([problem, isSo]) => (isSo ? [problem] : []));
}

export const ROOT = 'sensebind/v1/box';
export const LATE_TOPIC = `${ROOT}/backfill/event/r1`;

/** Posts an event as large as those of the contract. */
export function postEvent(outbox: Outbox, id: number): void {
  const document = { event_type: 'glass_break', s: 'event/1', id, historical: false, padding: 'x'.repeat(380) };
  outbox.post('normal', { topic: `${ROOT}/event/r1`, lateTopic: LATE_TOPIC, message: jsonMessage(document) });
}

/** The value that `share` of the values do not exceed; 0 of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
}
