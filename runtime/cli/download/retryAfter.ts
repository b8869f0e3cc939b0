import type { Clock, Millis } from '../../clock';

/** What `Retry-After` asks for: seconds, or a date (RFC 9110 §10.2.3); `undefined` where it says nothing of use. */
export function retryAfterMillis(header: string | undefined, clock: Clock): Millis | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return (Number(header) * 1000) as Millis;
  const millis = Date.parse(header) - clock.epochMicros() / 1000;
  return Number.isNaN(millis) ? undefined : (Math.max(0, millis) as Millis);
}
