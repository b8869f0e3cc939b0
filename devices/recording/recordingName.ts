import { randomBytes } from 'node:crypto';
import type { Clock } from '../../runtime/clock';

/** A name for a new recording: sorts by time, and is one level of a topic and of a path. */
export function recordingName(clock: Clock): string {
  const time = new Date(Math.max(0, clock.epochMicros()) / 1000).toISOString();
  return `${time.slice(0, 19).replaceAll(':', '-').toLowerCase()}-${randomBytes(3).toString('hex')}`;
}

const NAME = /^\d{4}-\d{2}-\d{2}t\d{2}-\d{2}-\d{2}-[0-9a-f]{6}$/;

/** Whether {@link recordingName} can have made it. */
export function isRecordingName(text: string): boolean {
  return NAME.test(text);
}
