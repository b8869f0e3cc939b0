import type { InputSpec } from '../../models/bundle/manifest';
import { readTokenizer, type Tokenizer } from '../../models/text/tokenizer';
import { SensebindError } from '../errors';
import type { EncoderInput } from './input';
import { unsupportedInput } from './inputChecks';
import type { Prepared, Preprocessor, Preset, PresetResources } from './preset';

const PRESET = 'clip-bpe';

/** UTF-16 units. Far more than fits the context of an encoder, which the reference cuts off; takes 0.1 s. */
const MAX_TEXT_LENGTH = 65_536;

/** Words to the token ids of the bundle's text encoder. */
export const textPresets: readonly Preset[] = [
  {
    id: PRESET,
    modality: 'text',
    title: 'CLIP byte pair encoding',
    source: 'ImageBind, SimpleTokenizer (reference/imagebind.md §4); mojibake is not repaired',
    confidence: 'exact',
    create: createTextPreprocessor,
  },
];

/** @throws {SensebindError} `PRESET_UNKNOWN`, `TOKENIZER_INVALID`, and `BUNDLE_INVALID` for a tokenizer of another encoder. */
function createTextPreprocessor(spec: InputSpec, resources: PresetResources): Preprocessor {
  if (spec.kind !== 'tokens') {
    throw new SensebindError(
      'PRESET_UNKNOWN',
      `expected an encoder of tokens for the preset ${PRESET}, found one of kind ${spec.kind}`,
      'Name a preset of that kind in the manifest of the bundle.',
    );
  }
  if (resources.tokenizerPath === undefined) throw bundleInvalid('a tokenizer', 'none');
  const tokenizer = readTokenizer(resources.tokenizerPath);
  const { contextLength, vocabularySize } = tokenizer;
  if (contextLength !== spec.length || vocabularySize !== spec.vocabulary) {
    throw bundleInvalid(
      `a tokenizer of ${spec.vocabulary} tokens and ${spec.length} places, as its text encoder has`,
      `one of ${vocabularySize} and ${contextLength}`,
    );
  }
  return { prepare: (input) => prepareText(tokenizer, textOf(input)) };
}

function prepareText(tokenizer: Tokenizer, text: string): Prepared {
  refuseUnknownWords(tokenizer, text);
  const { contextLength } = tokenizer;
  return {
    items: [{ data: tokenizer.encode(text), shape: [1, contextLength] }],
    flags: tokenizer.countTokens(text) > contextLength ? ['partial-window'] : [],
  };
}

function textOf(input: EncoderInput): string {
  if (input.kind !== 'text') throw unsupportedInput(input, PRESET, ['text']);
  if (input.text.length > MAX_TEXT_LENGTH) {
    throw new SensebindError(
      'INPUT_TOO_LARGE',
      `expected a text of at most ${MAX_TEXT_LENGTH} characters, found ${input.text.length}`,
      'Describe it in a sentence: the encoder reads some 70 words, and the rest is cut off.',
    );
  }
  return input.text;
}

function refuseUnknownWords(tokenizer: Tokenizer, text: string): void {
  const unknown = tokenizer.unknownWords(text);
  if (unknown.length === 0) return;
  const near = unknown.flatMap((word) => tokenizer.near(word));
  throw new SensebindError(
    'WORD_UNKNOWN',
    `expected words that the bundle's tokenizer knows, found ${quoted(unknown)} in ${JSON.stringify(text.slice(0, 120))}`,
    near.length > 0
      ? `Near ones that it knows: ${quoted([...new Set(near)])}.`
      : 'Say it with other words, or use a bundle with the full vocabulary.',
  );
}

function quoted(words: readonly string[]): string {
  return words.map((word) => JSON.stringify(word)).join(', ');
}

function bundleInvalid(expected: string, found: string): SensebindError {
  return new SensebindError(
    'BUNDLE_INVALID',
    `expected the bundle to hold ${expected}, found ${found}`,
    'Convert the checkpoint again, or fetch the bundle again.',
  );
}
