/**
 * Random numbers of the simulated world: the same for the same seed, on every machine, for ever. Generator: sfc32 of
 * PractRand (Chris Doty-Humphrey), 32-bit integer arithmetic only.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    this.#a = mix(seed);
    this.#b = mix(this.#a ^ 0x9e37_79b9);
    this.#c = mix(this.#b ^ 0x85eb_ca6b);
    for (let round = 0; round < 12; round++) this.next();
  }

  /** Uniform in [0, 1), in steps of 2^-32. */
  next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** An integer of 0 … count - 1. */
  integer(count: number): number {
    return Math.floor(this.next() * count);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of a list that is not empty. */
  pick<Item>(list: readonly [Item, ...Item[]]): Item {
    return list[this.integer(list.length)] ?? list[0];
  }

  /** Bell-shaped around 0 with deviation 1, within ±3: the sum of three uniform numbers. */
  bell(): number {
    return 2 * (this.next() + this.next() + this.next() - 1.5);
  }

  /** A generator of its own: what is drawn from it later moves nothing here. */
  fork(): Random {
    return new Random(this.integer(2 ** 32));
  }

  /** In a new order. */
  shuffled<Item>(list: readonly Item[]): Item[] {
    const left = [...list];
    const out: Item[] = [];
    while (left.length > 0) out.push(...left.splice(this.integer(left.length), 1));
    return out;
  }
}

/** A seed of its own for each use, so that one use never moves the numbers of another. */
export function seedOf(...parts: readonly (number | string)[]): number {
  let hash = 0x811c_9dc5;
  const add = (value: number): void => {
    hash = mix(Math.imul(hash ^ value, 0x0100_0193));
  };
  for (const part of parts) {
    if (typeof part === 'number') {
      add(part | 0);
      add(Math.floor(part / 2 ** 32) | 0);
    } else for (let index = 0; index < part.length; index++) add(part.charCodeAt(index));
  }
  return hash >>> 0;
}

/** The finaliser of MurmurHash3. */
function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return (h ^ (h >>> 16)) | 0;
}
