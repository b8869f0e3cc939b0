import { createHash } from 'node:crypto';
import type { Clock, Micros } from '../clock';
import type { ResponseMessage } from './commandMessages';

/** Commands whose answers are remembered, and for how long: whoever repeats one later means it anew. */
const MAX_REMEMBERED = 256;
const LIFE_MICROS = 600_000_000;

/** A command that was taken, and its answer once there is one. */
export interface Remembered {
  readonly fingerprint: string;
  readonly sinceMicros: Micros;
  answer?: ResponseMessage;
  /** Repeated before there was an answer. */
  isAskedAgain: boolean;
}

/** Answers by who asked and their `tx`, so that a command that comes twice, as QoS 1 may do, is done once. */
export class AnswerMemory {
  readonly #clock: Clock;
  /** Oldest first. */
  readonly #remembered = new Map<string, Remembered>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What is known of a command that came before. */
  find(key: string): Remembered | undefined {
    const found = this.#remembered.get(key);
    if (found === undefined || this.#clock.monotonicMicros() - found.sinceMicros <= LIFE_MICROS) return found;
    this.#remembered.delete(key);
    return undefined;
  }

  begin(key: string, fingerprint: string): Remembered {
    const remembered = { fingerprint, sinceMicros: this.#clock.monotonicMicros(), isAskedAgain: false };
    this.#remembered.set(key, remembered);
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > MAX_REMEMBERED && oldest !== undefined) this.#remembered.delete(oldest);
    return remembered;
  }
}

/** Tells two commands with one `tx` apart. */
export function fingerprintOf(verb: string, payload: Uint8Array): string {
  return createHash('sha256').update(verb).update('\n').update(payload).digest('base64');
}
