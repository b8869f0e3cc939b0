import type { Clock, Micros, Millis } from '../../runtime/clock';
import type { Instant } from '../../runtime/events/instant';

/** Clocks of two boxes that NTP sets differ by less. */
const AHEAD = 1000 as Millis;

/**
 * When what a message says was the case, on the monotonic clock: its own instant; else by its wall time, where that is
 * lately; else now. Wall clocks of other boxes may stand anywhere.
 */
export function endOf(
  { at, wallMicros }: { readonly at: Instant | undefined; readonly wallMicros: Micros },
  { clock, forgetAfter }: { readonly clock: Clock; readonly forgetAfter: Millis },
): Micros {
  if (at !== undefined) return at.monotonicMicros;
  const now = clock.monotonicMicros();
  const ageMicros = clock.epochMicros() - wallMicros;
  return ageMicros >= -AHEAD * 1000 && ageMicros <= forgetAfter * 1000 ? now - Math.max(0, ageMicros) : now;
}
