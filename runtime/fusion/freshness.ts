import type { Micros, Millis } from '../clock';

/** How what a source saw some time ago loses weight. */
export interface Decay {
  /** Up to this age it counts in full. */
  readonly fresh: Millis;
  /** After every further half-life, half of it is left. */
  readonly halfLife: Millis;
  /** From this age on it does not count at all. */
  readonly forgetAfter: Millis;
}

/** The share of its weight that something keeps at an age: 1 down to 0. */
export function freshness(ageMicros: Micros, { fresh, halfLife, forgetAfter }: Decay): number {
  const age = ageMicros / 1000;
  if (age >= forgetAfter) return 0;
  return age <= fresh ? 1 : 2 ** ((fresh - age) / halfLife);
}
