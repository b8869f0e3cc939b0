import type { Clock, Micros, Millis } from '../clock';
import type { ConnectionEnd } from './connection';

const FIRST_DELAY = 300_000;
const LONGEST_DELAY = 3_600_000;

/** Two nodes with one id find out between themselves who stays ({@link RivalWatch}): that takes a connection or two. */
const TOLERATED = 2;

/** A client that was left alone this long has its id for itself. */
const ALONE_MICROS = 2 * LONGEST_DELAY * 1000;

/**
 * Two clients with one id end each other's connections for ever, if both come back at once (fault row F27 of
 * reference/anchors.md). Who is ended again and again stays away: 5 minutes, twice as long each further time, an hour at
 * most.
 */
export class Takeovers {
  readonly #clock: Clock;
  #count = 0;
  #latestMicros: Micros = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How long to stay away after the end of a connection; `undefined`: no longer than after any other. */
  ended(end: ConnectionEnd): Millis | undefined {
    if (end.kind !== 'lost' || end.because !== 'taken-over') return undefined;
    const now = this.#clock.monotonicMicros();
    if (now - this.#latestMicros > ALONE_MICROS) this.#count = 0;
    this.#latestMicros = now;
    const further = this.#count++ - TOLERATED;
    if (further < 0) return undefined;
    return Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** Math.min(further, 30)) as Millis;
  }
}
