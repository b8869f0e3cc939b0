import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { messageOf, SensebindError } from '../../runtime/errors';

/** Larger files are no tokenizer: the published one takes 0.6 MB. */
export const MAX_TOKENIZER_BYTES = 8 * 2 ** 20;

const MAX_SYMBOLS = 2 ** 16;

/** What is left of a vocabulary that was cut down to what a small encoder has learned. */
const PrunedVocabulary = Type.Object(
  {
    tokens: Type.Array(Type.Integer({ minimum: 0, maximum: MAX_SYMBOLS }), {
      minItems: 2,
      maxItems: MAX_SYMBOLS,
      description:
        'Original ids that are kept, ascending; the place in the list is the id that the encoder gets. Start and end of text come last.',
    }),
    words: Type.Array(Type.String({ minLength: 1, maxLength: 128 }), {
      maxItems: MAX_SYMBOLS,
      description: 'Every word that the encoder knows, in lower case; others are refused.',
    }),
  },
  { additionalProperties: false },
);

/** `tokenizer.json` of a bundle. */
export const TokenizerDefinition = Type.Object(
  {
    format: Type.Literal('clip-bpe/1'),
    contextLength: Type.Integer({ minimum: 3, maximum: 4096 }),
    merges: Type.String({ maxLength: MAX_TOKENIZER_BYTES, description: 'One merge a line, by rank: two symbols.' }),
    pruned: Type.Optional(PrunedVocabulary),
  },
  { additionalProperties: false },
);
export type TokenizerDefinition = Static<typeof TokenizerDefinition>;
export type PrunedVocabulary = Static<typeof PrunedVocabulary>;

const validator = Compile(TokenizerDefinition);

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
  if (validator.Check(value)) return value;
  const [problem] = validator.Errors(value);
  throw tokenizerInvalid(
    `a ${TokenizerDefinition.properties.format.const} definition`,
    problem ? `${problem.instancePath || 'a document that'} ${problem.message}` : 'another document',
  );
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
