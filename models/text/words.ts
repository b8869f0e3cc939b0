/** What a text may hold to stand for the special tokens themselves, as in the reference. */
export const START_OF_TEXT = '<|startoftext|>';
export const END_OF_TEXT = '<|endoftext|>';

/**
 * The pieces of CLIP's split pattern: special tokens, English contractions, runs of letters, single digits, runs of
 * anything else. The reference ignores case by simple folding, which leaves two traces in text that is lower case
 * already: a long s counts as s, and U+0345, which folds to a letter without being one, belongs to no piece.
 */
const WORD = /<\|[sſ]tartoftext\|>|<\|endoftext\|>|'(?:[stmdſ]|re|ve|ll)|\p{L}+|\p{N}|(?:(?!\u0345)[^ \p{L}\p{N}])+/gu;

/** The words of a text that went through `normalise`, in order; each is byte pair encoded on its own. */
export function splitWords(normalised: string): readonly string[] {
  return normalised.match(WORD) ?? [];
}
