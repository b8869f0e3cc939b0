/** What programs/endings.ts says on its standard output, a line each. */

/** A worker is inside the native call that was asked for. */
export const IN_FLIGHT = 'in flight';

/** The last words, but for a signal that nobody handles; what the worker does follows. */
export const ENDING_WHILE = 'ending while ';

/** The work is done: the process should have ended before. */
export const OVER = 'over';
