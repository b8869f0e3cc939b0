/** First and last number of a stretch, both included. */
export type Stretch = readonly [first: number, last: number];

/** Whole numbers from 0 on, kept as stretches: cheap where numbers come nearly in order. */
export class SequenceSet {
  /** In order, with a gap between any two. */
  #stretches: Stretch[] = [];
  #size = 0;

  /** How many numbers are in it. */
  get size(): number {
    return this.#size;
  }

  get stretches(): readonly Stretch[] {
    return this.#stretches;
  }

  has(number: number): boolean {
    const stretch = this.#stretches[this.#indexFrom(number)];
    return stretch !== undefined && stretch[0] <= number;
  }

  /** Whether every number of a stretch is in it; also of an empty one. */
  covers(first: number, last: number): boolean {
    if (last < first) return true;
    const stretch = this.#stretches[this.#indexFrom(first)];
    return stretch !== undefined && stretch[0] <= first && stretch[1] >= last;
  }

  /** How many numbers of a stretch are in it. */
  count(first: number, last: number): number {
    let count = 0;
    for (let index = this.#indexFrom(first); index < this.#stretches.length; index++) {
      const [from, to] = this.#stretches[index] ?? [0, -1];
      if (from > last) break;
      count += Math.min(to, last) - Math.max(from, first) + 1;
    }
    return count;
  }

  add(first: number, last: number = first): void {
    if (last < first) return;
    const from = this.#indexFrom(first - 1);
    let to = from;
    let joined: Stretch = [first, last];
    for (let next = this.#stretches[to]; next !== undefined && next[0] <= last + 1; next = this.#stretches[++to]) {
      joined = [Math.min(joined[0], next[0]), Math.max(joined[1], next[1])];
      this.#size -= next[1] - next[0] + 1;
    }
    this.#size += joined[1] - joined[0] + 1;
    if (to === from + 1) this.#stretches[from] = joined;
    else this.#stretches.splice(from, to - from, joined);
  }

  /** Index of the first stretch that ends at `number` or behind it. */
  #indexFrom(number: number): number {
    let low = 0;
    let high = this.#stretches.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#stretches[middle]?.[1] ?? 0) < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
