/** Fibonacci hashing: spreads neighbouring keys. */
const SPREAD = 0x9e3779b1;

/** Pairs of symbols and what they merge into, in flat memory: a `Map` of them takes four times as much. */
export class MergeTable {
  readonly #keys: Uint32Array;
  /** 0 where there is none: no merge makes the first symbol. */
  readonly #merged: Uint16Array;
  readonly #mask: number;

  /** @param most - Pairs that are put in at most. */
  constructor(most: number) {
    const slots = 2 ** Math.ceil(Math.log2(2 * Math.max(1, most)));
    this.#keys = new Uint32Array(slots);
    this.#merged = new Uint16Array(slots);
    this.#mask = slots - 1;
  }

  /** All three below 2^16, `merged` above 0. */
  set(left: number, right: number, merged: number): void {
    const slot = this.#slotOf(keyOf(left, right));
    this.#keys[slot] = keyOf(left, right);
    this.#merged[slot] = merged;
  }

  get(left: number, right: number): number | undefined {
    return this.#merged[this.#slotOf(keyOf(left, right))] || undefined;
  }

  /** Where a key is, or the free place where it belongs: half of all are free. */
  #slotOf(key: number): number {
    let slot = (Math.imul(key, SPREAD) >>> 15) & this.#mask;
    while (this.#merged[slot] !== 0 && this.#keys[slot] !== key) slot = (slot + 1) & this.#mask;
    return slot;
  }
}

function keyOf(left: number, right: number): number {
  return ((left << 16) | right) >>> 0;
}
