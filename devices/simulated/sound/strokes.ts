import { cosine, exponential, sine } from '../maths';
import type { Random } from '../random';
import { SOUND_RATE_HZ, type Voice } from './voice';

/** Something is struck: it rings, and there is a burst of noise. */
export interface Stroke {
  readonly atSeconds: number;
  readonly level: number;
  /** What rings; no ring where it is left out. */
  readonly hertz?: number;
  /** The ring's pitch at its end over that at its start. Default: 1. */
  readonly glide?: number;
  /** After this time a 2.7th of it is left. */
  readonly decaySeconds: number;
  /** Noise over ring. Default: 0. */
  readonly noise?: number;
  /** 0: white noise. Towards 1: dull. Default: 0. */
  readonly dullness?: number;
}

/** What is fainter than this part of a stroke is over. */
const OVER = 5;

/** A ring is worked out again from its phase after this many samples while it glides. */
const GLIDE_STEP = 32;

/** Strokes one after another. Their list may be endless: it is read only as far as time has come. */
export class Strokes implements Voice {
  readonly #random: Random;
  readonly #list: Iterator<Stroke>;
  #next: Stroke | undefined;
  #ringing: Ringing[] = [];

  /** @param strokes - In the order of their times. */
  constructor(random: Random, strokes: Iterable<Stroke>) {
    this.#random = random.fork();
    this.#list = strokes[Symbol.iterator]();
    this.#next = this.#list.next().value;
  }

  add(block: Float32Array, firstSample: number): void {
    const end = firstSample + block.length;
    while (this.#next !== undefined && this.#next.atSeconds * SOUND_RATE_HZ < end) {
      const ringing = new Ringing(this.#next, this.#random.fork());
      // Strokes of the time before the first block are over.
      if (ringing.firstSample >= firstSample) this.#ringing.push(ringing);
      this.#next = this.#list.next().value;
    }
    for (const ringing of this.#ringing) ringing.add(block, firstSample);
    this.#ringing = this.#ringing.filter((ringing) => ringing.endSample > end);
  }
}

/** One stroke while it is heard. The sine is made by turning a pointer: two multiplications a sample. */
class Ringing implements Voice {
  readonly firstSample: number;
  readonly endSample: number;
  readonly #stroke: Stroke;
  readonly #random: Random;
  readonly #decay: number;
  #envelope: number;
  #dull = 0;
  #turns = 0;
  #x = 1;
  #y = 0;
  #stepX = 1;
  #stepY = 0;

  constructor(stroke: Stroke, random: Random) {
    this.#stroke = stroke;
    this.#random = random;
    this.firstSample = Math.round(stroke.atSeconds * SOUND_RATE_HZ);
    this.endSample = this.firstSample + Math.ceil(OVER * stroke.decaySeconds * SOUND_RATE_HZ);
    this.#decay = exponential(-1 / (stroke.decaySeconds * SOUND_RATE_HZ));
    this.#envelope = stroke.level;
  }

  add(block: Float32Array, firstSample: number): void {
    const { hertz, noise = 0, dullness = 0 } = this.#stroke;
    const from = Math.max(0, this.firstSample - firstSample);
    const to = Math.min(block.length, this.endSample - firstSample);
    for (let index = from; index < to; index++) {
      let value = 0;
      if (hertz !== undefined) value = this.#turn(firstSample + index - this.firstSample, hertz);
      if (noise > 0) {
        this.#dull = dullness * this.#dull + (1 - dullness) * (2 * this.#random.next() - 1);
        value += noise * this.#dull;
      }
      block[index] = (block[index] ?? 0) + this.#envelope * value;
      this.#envelope *= this.#decay;
    }
  }

  #turn(age: number, hertz: number): number {
    if (age % GLIDE_STEP === 0) this.#aim(age, hertz);
    const x = this.#x * this.#stepX - this.#y * this.#stepY;
    this.#y = this.#x * this.#stepY + this.#y * this.#stepX;
    this.#x = x;
    return this.#y;
  }

  #aim(age: number, hertz: number): void {
    const done = (2 * age) / (this.endSample - this.firstSample);
    const step = (hertz * (1 + ((this.#stroke.glide ?? 1) - 1) * Math.min(1, done))) / SOUND_RATE_HZ;
    this.#x = cosine(this.#turns);
    this.#y = sine(this.#turns);
    this.#stepX = cosine(step);
    this.#stepY = sine(step);
    this.#turns += step * GLIDE_STEP;
    this.#turns -= Math.floor(this.#turns);
  }
}
