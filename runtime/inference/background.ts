import { getPriority, setPriority } from 'node:os';
import { messageOf } from '../errors';

/**
 * How much a thread that encodes stands back (setpriority(2)): it gets a tenth of the time of one that does not, where
 * both want the same core, and all of it where nobody else does.
 */
export const BACKGROUND_NICENESS = 10;

/**
 * Lets the calling thread, and those that it starts from now on, stand back behind all others: encoders fill every core
 * for as long as a window takes, and meanwhile the main thread, the broker and whoever waits for an event need a core
 * for some microseconds. On Linux only, where threads have a priority of their own; elsewhere it would be that of the
 * whole process.
 *
 * @returns Why it could not be done; nothing where it was done, or has no place.
 */
export function standBack(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    // To come forward again is allowed to nobody.
    if (getPriority(0) < BACKGROUND_NICENESS) setPriority(0, BACKGROUND_NICENESS);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
