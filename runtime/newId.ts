import { randomFillSync } from 'node:crypto';
import { ulid } from 'ulid';
import type { Micros } from './clock';

/** Drawn together: one by one, the sixteen random numbers of an id cost as much as the rest of a message. */
const drawn = new Uint8Array(4096);
let used = drawn.length;

/** A new ULID: unique, and sorted by the wall time at which it was made. */
export function newId(epochMicros: Micros): string {
  // 0 would be taken for no time at all.
  return ulid(Math.max(1, Math.floor(epochMicros / 1000)), random);
}

/** In [0, 1), with the five bits that a character of an id takes, and three to spare. */
function random(): number {
  if (used === drawn.length) {
    randomFillSync(drawn);
    used = 0;
  }
  return (drawn[used++] ?? 0) / 256;
}
