import type { Millis } from '../clock';
import { parseDuration } from '../config/duration';
import { UsageError } from './output';

/** Timers of Node.js end at 2^31 ms, and fire at once beyond it. */
const LONGEST = 1_800_000_000;

/** The value of `--for`. @throws {UsageError} unless it is a duration. */
export function parseRunTime(text: string | undefined): Millis | undefined {
  if (text === undefined) return undefined;
  const duration = parseDuration(text);
  if (duration !== undefined && duration <= LONGEST) return duration;
  throw new UsageError(
    `expected --for with a duration of at most 500h, such as 20s, found ${text}`,
    'Write a number and ms, s, min or h; leave it out to go on for ever.',
  );
}
