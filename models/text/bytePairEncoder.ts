import { idsOfBytes, type Vocabulary } from './vocabulary';

/** Words kept with their tokens; the prompts of a label set have far fewer different ones. */
const CACHED_WORDS = 4096;
/** Longer ones are noise that would only fill the cache. */
const LONGEST_CACHED_WORD = 64;

const NO_MERGE = Number.POSITIVE_INFINITY;

/** Splits words into the tokens of a vocabulary by byte pair encoding. */
export class BytePairEncoder {
  readonly #vocabulary: Vocabulary;
  readonly #cache = new Map<string, readonly number[]>();

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
  }

  /** Token ids of one word, as `splitWords` gives them. Time grows with the square of a word's length. */
  encode(word: string): readonly number[] {
    const known = this.#cache.get(word);
    if (known) return known;
    const ids = this.#merge(idsOfBytes(word));
    if (word.length <= LONGEST_CACHED_WORD) this.#remember(word, ids);
    return ids;
  }

  #remember(word: string, ids: readonly number[]): void {
    if (this.#cache.size >= CACHED_WORDS) this.#cache.clear();
    this.#cache.set(word, ids);
  }

  /** Merges the pair of the lowest rank, everywhere it stands, until no neighbours merge any more. */
  #merge(bytes: readonly number[]): readonly number[] {
    let ids = bytes;
    for (;;) {
      const merges = ids.map((left, index) => this.#merged(left, ids[index + 1]));
      const first = merges.reduce((least, merge) => Math.min(least, merge), NO_MERGE);
      if (first === NO_MERGE) return ids;
      ids = replacePairs(ids, merges, first);
    }
  }

  #merged(left: number, right: number | undefined): number {
    return (right === undefined ? undefined : this.#vocabulary.merged(left, right)) ?? NO_MERGE;
  }
}

/** Left to right, so that of three equal neighbours the first two become one. */
function replacePairs(ids: readonly number[], merges: readonly number[], merge: number): number[] {
  const result: number[] = [];
  for (let index = 0; index < ids.length; index++) {
    if (merges[index] === merge) {
      result.push(merge);
      index++;
    } else {
      result.push(ids[index] ?? 0);
    }
  }
  return result;
}
