import { cosine, exponential } from '../maths';
import { type Axes, addAlong, MOTION_RATE_HZ, type MotionBlock, type MotionPart } from './motionPart';

/** A blow, and how it rings out. */
export interface Blow {
  readonly atSeconds: number;
  readonly level: number;
  readonly hertz: number;
  readonly decaySeconds: number;
  readonly axes: Axes;
}

const OVER = 6;

/** Blows one after another; the list may be endless. */
export class Shakes implements MotionPart {
  readonly #list: Iterator<Blow>;
  #next: Blow | undefined;
  #ringing: Blow[] = [];

  /** @param blows - In the order of their times. */
  constructor(blows: Iterable<Blow>) {
    this.#list = blows[Symbol.iterator]();
    this.#next = this.#list.next().value;
  }

  add(block: MotionBlock, firstSample: number): void {
    const length = block[0].length;
    const start = firstSample / MOTION_RATE_HZ;
    const end = (firstSample + length) / MOTION_RATE_HZ;
    while (this.#next !== undefined && this.#next.atSeconds < end) {
      this.#ringing.push(this.#next);
      this.#next = this.#list.next().value;
    }
    this.#ringing = this.#ringing.filter(({ atSeconds, decaySeconds }) => atSeconds + OVER * decaySeconds > start);
    for (const blow of this.#ringing) addBlow(blow, block, firstSample);
  }
}

function addBlow(blow: Blow, block: MotionBlock, firstSample: number): void {
  const { atSeconds, level, hertz, decaySeconds, axes } = blow;
  const first = Math.max(0, Math.ceil(atSeconds * MOTION_RATE_HZ) - firstSample);
  const last = Math.ceil((atSeconds + OVER * decaySeconds) * MOTION_RATE_HZ) - firstSample;
  const end = Math.min(block[0].length, last);
  for (let index = first; index < end; index++) {
    const age = (firstSample + index) / MOTION_RATE_HZ - atSeconds;
    addAlong(block, index, level * exponential(-age / decaySeconds) * cosine(hertz * age), axes);
  }
}
