import { readFileSync, statSync } from 'node:fs';
import { isSensebindError, messageOf } from '../../runtime/errors';
import { BytePairEncoder } from './bytePairEncoder';
import { type KnownWords, knownWords } from './knownWords';
import { normalise } from './normalise';
import {
  MAX_TOKENIZER_BYTES,
  type PrunedVocabulary,
  parseTokenizer,
  type TokenizerDefinition,
  tokenizerInvalid,
} from './tokenizerDefinition';
import { createVocabulary, type Vocabulary } from './vocabulary';
import { END_OF_TEXT, START_OF_TEXT, splitWords } from './words';

/** From text to the token ids of one text encoder. */
export interface Tokenizer extends KnownWords {
  /** How many ids `encode` gives. */
  readonly contextLength: number;
  /** How many rows the encoder's token embedding has; the largest id, one less, is end of text. */
  readonly vocabularySize: number;
  /**
   * Start of text, the tokens, end of text, then zeros. Of a text that is too long the first tokens are kept and end
   * of text stands last. Special tokens that are written out in the text count as such, as in the reference.
   * Never throws; what {@link KnownWords.unknownWords} names is left out.
   */
  encode(text: string): Int32Array<ArrayBuffer>;
  /** How many ids the whole text takes, start and end of text included: more than `contextLength` is cut off. */
  countTokens(text: string): number;
}

/**
 * Reads `tokenizer.json` of a bundle. Blocks for tens of milliseconds: for a worker thread or a command.
 *
 * @throws {SensebindError} `TOKENIZER_INVALID`, also when the file is missing or too large.
 */
export function readTokenizer(path: string): Tokenizer {
  return createTokenizer(parseTokenizer(readText(path)));
}

/** @throws {SensebindError} `TOKENIZER_INVALID` when the parts of the definition contradict each other. */
export function createTokenizer(definition: TokenizerDefinition): Tokenizer {
  const vocabulary = createVocabulary(definition.merges);
  const encoder = new BytePairEncoder(vocabulary);
  const kept = definition.pruned ? keptTokens(vocabulary, encoder, definition.pruned) : undefined;
  const { contextLength } = definition;

  function* tokensOf(text: string): Generator<number> {
    for (const word of splitWords(normalise(text))) {
      const special = specialToken(vocabulary, word);
      for (const token of special === undefined ? encoder.encode(word) : [special]) {
        const id = kept ? kept.ids.get(token) : token;
        if (id !== undefined) yield id;
      }
    }
  }

  const vocabularySize = kept?.ids.size ?? vocabulary.size;
  return {
    contextLength,
    vocabularySize,
    encode: (text) => {
      const ids = new Int32Array(contextLength);
      let length = 0;
      ids[length++] = vocabularySize - 2;
      for (const token of tokensOf(text)) {
        if (length === contextLength - 1) break;
        ids[length++] = token;
      }
      ids[length] = vocabularySize - 1;
      return ids;
    },
    countTokens: (text) => 2 + [...tokensOf(text)].length,
    ...knownWords(definition.pruned?.words),
  };
}

interface KeptTokens {
  /** From the id in the whole vocabulary to the one that the encoder gets. */
  readonly ids: ReadonlyMap<number, number>;
}

function keptTokens(vocabulary: Vocabulary, encoder: BytePairEncoder, pruned: PrunedVocabulary): KeptTokens {
  const { tokens, words } = pruned;
  if (tokens.some((token, index) => token <= (tokens[index - 1] ?? -1))) {
    throw tokenizerInvalid('ascending tokens', 'a token out of order');
  }
  if (tokens.at(-1) !== vocabulary.endOfText || tokens.at(-2) !== vocabulary.startOfText) {
    throw tokenizerInvalid('start and end of text as its last tokens', `${tokens.at(-2)} and ${tokens.at(-1)}`);
  }
  const ids = new Map(tokens.map((token, index) => [token, index]));
  const broken = words.find((word) => encoder.encode(word).some((token) => !ids.has(token)));
  if (broken !== undefined) throw tokenizerInvalid('all tokens of its words', `${JSON.stringify(broken)} without`);
  return { ids };
}

function specialToken(vocabulary: Vocabulary, word: string): number | undefined {
  if (word === START_OF_TEXT) return vocabulary.startOfText;
  return word === END_OF_TEXT ? vocabulary.endOfText : undefined;
}

function readText(path: string): string {
  try {
    const status = statSync(path);
    if (!status.isFile()) throw tokenizerInvalid('text', 'no regular file');
    if (status.size > MAX_TOKENIZER_BYTES)
      throw tokenizerInvalid(`at most ${MAX_TOKENIZER_BYTES} bytes`, `${status.size}`);
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw isSensebindError(error) ? error : tokenizerInvalid('text', messageOf(error), error);
  }
}
