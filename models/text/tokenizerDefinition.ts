import { messageOf, SensebindError } from '../../runtime/errors';

/** Larger files are no tokenizer: the published one takes 0.6 MB. */
export const MAX_TOKENIZER_BYTES = 8 * 2 ** 20;

const FORMAT = 'clip-bpe/1';
const MAX_SYMBOLS = 2 ** 16;
const MAX_CONTEXT = 4096;
const LONGEST_WORD = 128;

/** What is left of a vocabulary that was cut down to what a small encoder has learned. */
export interface PrunedVocabulary {
  /**
   * Original ids that are kept, ascending; the place in the list is the id that the encoder gets. Start and end of text
   * come last.
   */
  readonly tokens: readonly number[];
  /** Every word that the encoder knows, in lower case; others are refused. */
  readonly words: readonly string[];
}

/** `tokenizer.json` of a bundle. */
export interface TokenizerDefinition {
  readonly format: typeof FORMAT;
  readonly contextLength: number;
  /** One merge a line, by rank: two symbols. */
  readonly merges: string;
  readonly pruned?: PrunedVocabulary;
}

/** The content of `tokenizer.json`. */
export function serialiseTokenizer(definition: TokenizerDefinition): string {
  return `${JSON.stringify(definition)}\n`;
}

/**
 * The opposite of {@link serialiseTokenizer}, for bytes from outside.
 *
 * @throws {SensebindError} `TOKENIZER_INVALID` when it is not JSON, or of another shape.
 */
export function parseTokenizer(json: string): TokenizerDefinition {
  const value = parseJson(json);
  // Checked by hand: the worker of the encoders has no other schema, and the compiler of schemas would cost it 10 MB.
  const { format, contextLength, merges, pruned, ...others } = fieldsOf(value, 'a document that is an object');
  refuseOthers(others, 'no other fields than those of a tokenizer');
  if (format !== FORMAT) throw tokenizerInvalid(`a ${FORMAT} definition`, `/format ${JSON.stringify(format)}`);
  if (!isIntegerIn(contextLength, { least: 3, most: MAX_CONTEXT })) {
    throw tokenizerInvalid(`a /contextLength of 3 to ${MAX_CONTEXT}`, JSON.stringify(contextLength));
  }
  if (typeof merges !== 'string' || merges.length > MAX_TOKENIZER_BYTES) {
    throw tokenizerInvalid('its /merges as one text', typeof merges);
  }
  if (pruned === undefined) return { format, contextLength, merges };
  return { format, contextLength, merges, pruned: prunedOf(pruned) };
}

function prunedOf(value: unknown): PrunedVocabulary {
  const { tokens, words, ...others } = fieldsOf(value, '/pruned as an object');
  refuseOthers(others, 'no other fields than tokens and words in /pruned');
  if (!isListOf(tokens, isToken) || tokens.length < 2) {
    throw tokenizerInvalid(`a list of ids below ${MAX_SYMBOLS} as /pruned/tokens`, 'another value');
  }
  if (!isListOf(words, isWord)) {
    throw tokenizerInvalid(`a list of words of up to ${LONGEST_WORD} characters as /pruned/words`, 'another value');
  }
  return { tokens, words };
}

function fieldsOf(value: unknown, expected: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw tokenizerInvalid(expected, Array.isArray(value) ? 'a list' : `${typeof value}`);
  }
  return { ...value };
}

function refuseOthers(others: Readonly<Record<string, unknown>>, expected: string): void {
  const [other] = Object.keys(others);
  if (other !== undefined) throw tokenizerInvalid(expected, JSON.stringify(other.slice(0, 80)));
}

function isListOf<Item>(value: unknown, isItem: (item: unknown) => item is Item): value is Item[] {
  return Array.isArray(value) && value.length <= MAX_SYMBOLS && value.every(isItem);
}

function isIntegerIn(
  value: unknown,
  { least, most }: { readonly least: number; readonly most: number },
): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}

function isToken(value: unknown): value is number {
  return isIntegerIn(value, { least: 0, most: MAX_SYMBOLS });
}

function isWord(value: unknown): value is string {
  return typeof value === 'string' && value.length >= 1 && value.length <= LONGEST_WORD;
}

export function tokenizerInvalid(expected: string, found: string, cause?: unknown): SensebindError {
  return new SensebindError(
    'TOKENIZER_INVALID',
    `expected the tokenizer to hold ${expected}, found ${found}`,
    'Convert the checkpoint again, or fetch the bundle again.',
    { cause },
  );
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw tokenizerInvalid('JSON', messageOf(error), error);
  }
}
