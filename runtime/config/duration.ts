import type { Millis } from '../clock';

/** `500ms`, `2s`, `1.5s`, `10min`, `1h`. */
export const DURATION_PATTERN = '^\\d{1,9}(\\.\\d{1,6})?(ms|s|min|h)$';

const MILLIS_PER_UNIT = { ms: 1, s: 1000, min: 60_000, h: 3_600_000 } as const;

const duration = /^(?<count>\d{1,9}(?:\.\d{1,6})?)(?<unit>ms|s|min|h)$/;

/** The length of a duration as people write it; `undefined` when it is not one. */
export function parseDuration(text: string): Millis | undefined {
  const parts = duration.exec(text)?.groups;
  if (!parts) return undefined;
  const unit = parts['unit'] as keyof typeof MILLIS_PER_UNIT;
  return (Number(parts['count']) * MILLIS_PER_UNIT[unit]) as Millis;
}
