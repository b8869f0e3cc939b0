import type { Millis } from '../clock';
import { parseDuration } from '../config/duration';
import { UsageError } from './output';

/** The value of `--for`. @throws {UsageError} unless it is a duration. */
export function parseRunTime(text: string | undefined): Millis | undefined {
  if (text === undefined) return undefined;
  const duration = parseDuration(text);
  if (duration !== undefined) return duration;
  throw new UsageError(
    `expected --for with a duration such as 20s, found ${text}`,
    'Write a number and ms, s, m or h.',
  );
}
