import type { Random } from './random';

/** Times one after another, endless: each the one before and a pause by chance. */
export function* timesEvery(
  random: Random,
  pause: readonly [least: number, most: number],
  firstSeconds = random.between(0, pause[1]),
): Generator<number> {
  for (let time = firstSeconds; ; time += random.between(...pause)) yield time;
}

/** A piece of something that comes and goes: a bark, a syllable, a beep. */
export interface Spell {
  readonly startSeconds: number;
  readonly lengthSeconds: number;
  /** By chance in [0, 1), for what differs from one spell to the next. */
  readonly chance: number;
}

/** How far back spells are kept: longer than any block of samples. */
const KEPT_SECONDS = 10;

/** Spells with pauses between them, in the order of time. */
export class Spells {
  readonly #random: Random;
  readonly #length: readonly [number, number];
  readonly #pause: readonly [number, number];
  readonly #kept: Spell[];
  #newest: Spell;
  #index = 0;

  constructor(
    random: Random,
    options: {
      readonly length: readonly [least: number, most: number];
      readonly pause: readonly [least: number, most: number];
    },
  ) {
    this.#random = random.fork();
    this.#length = options.length;
    this.#pause = options.pause;
    this.#newest = this.#from(this.#random.between(0, options.pause[1]));
    this.#kept = [this.#newest];
  }

  /** The spell at that time, or the next one. Times may go back by {@link KEPT_SECONDS}. */
  at(seconds: number): Spell {
    while (seconds >= endOf(this.#newest)) this.#append();
    const kept = this.#kept;
    while (this.#index > 0 && seconds < endOf(kept[this.#index - 1] ?? this.#newest)) this.#index--;
    while (this.#index < kept.length - 1 && seconds >= endOf(kept[this.#index] ?? this.#newest)) this.#index++;
    return kept[this.#index] ?? this.#newest;
  }

  /** How far the spell at that time is, 0 … 1; negative between spells. */
  progress(seconds: number): number {
    const { startSeconds, lengthSeconds } = this.at(seconds);
    return (seconds - startSeconds) / lengthSeconds;
  }

  #append(): void {
    this.#newest = this.#from(endOf(this.#newest) + this.#random.between(...this.#pause));
    this.#kept.push(this.#newest);
    while (endOf(this.#kept[0] ?? this.#newest) < this.#newest.startSeconds - KEPT_SECONDS) {
      this.#kept.shift();
      this.#index = Math.max(0, this.#index - 1);
    }
  }

  #from(startSeconds: number): Spell {
    return {
      startSeconds,
      lengthSeconds: this.#random.between(...this.#length),
      chance: this.#random.next(),
    };
  }
}

function endOf({ startSeconds, lengthSeconds }: Spell): number {
  return startSeconds + lengthSeconds;
}
