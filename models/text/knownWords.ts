import { nearWords } from './nearWords';
import { normalise } from './normalise';
import { END_OF_TEXT, START_OF_TEXT, splitWords } from './words';

const NEAR_WORDS = 3;

/** Which words an encoder has learned. */
export interface KnownWords {
  /** The words of a text that are not among them, each once. */
  unknownWords(text: string): readonly string[];
  /** Up to three known words that are spelled like this one. */
  near(word: string): readonly string[];
}

/** @param words - In lower case; left out where the encoder takes any word. */
export function knownWords(words: readonly string[] | undefined): KnownWords {
  const known = words === undefined ? undefined : new Set(words);
  return {
    unknownWords: (text) => {
      if (known === undefined) return [];
      const found = new Set(splitWords(normalise(text)));
      return [...found].filter((word) => word !== START_OF_TEXT && word !== END_OF_TEXT && !known.has(word));
    },
    near: (word) => nearWords(word, known ?? [], NEAR_WORDS),
  };
}
