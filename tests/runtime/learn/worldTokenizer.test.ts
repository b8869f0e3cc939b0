import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import {
  CALM_PHRASES,
  captionsOf,
  paraphrasedPromptsOf,
  paraphraseTemplates,
  promptsOf,
} from '../../../devices/simulated/captions';
import { drawScene } from '../../../devices/simulated/drawScene';
import { events } from '../../../devices/simulated/events/catalogue';
import { rooms } from '../../../devices/simulated/rooms';
import { IMAGEBIND_MINI } from '../../../models/imagebind/layout';
import { fillTemplates, promptTemplates } from '../../../models/text/prompts';
import { tokenizerDefinition } from '../../../models/text/publishedTokenizer';
import { createTokenizer } from '../../../models/text/tokenizer';
import { serialiseTokenizer } from '../../../models/text/tokenizerDefinition';
import { worldTokenizer } from '../../../runtime/learn/worldTokenizer';
import { textPresets } from '../../../runtime/preprocess/text';
import { refused } from '../../support/refused';
import { temporaryFolder } from '../../support/temporaryFolder';

const definition = worldTokenizer();
const tokenizer = createTokenizer(definition);
const published = createTokenizer(tokenizerDefinition());

/** Captions and paraphrases of drawn scenes, of one event and of two: no scene of training or judging has more. */
function* drawnCaptions(): Generator<string> {
  for (let seed = 0; seed < 1000; seed++) {
    const scene = drawScene(seed, { count: 1 + (seed % 2) });
    yield* captionsOf(scene);
    yield* captionsOf(scene, { templates: paraphraseTemplates });
  }
}

describe('tokenizer of the simulated world', () => {
  it('has as many ids as the small model has rows, and its context', () => {
    const { tokens, stem } = IMAGEBIND_MINI.towers.text;
    assert.deepEqual([tokenizer.contextLength, tokenizer.vocabularySize], [tokens, ...stem]);
  });

  it('knows every caption, paraphrase, prompt and calm phrase', () => {
    const texts = [...drawnCaptions(), ...events.flatMap(promptsOf), ...events.flatMap(paraphrasedPromptsOf)];
    for (const text of [...texts, ...CALM_PHRASES]) assert.deepEqual(tokenizer.unknownWords(text), [], text);
  });

  it('knows every phrase in every template of prompts', () => {
    for (const phrase of events.flatMap(({ phrases }) => phrases)) {
      for (const text of promptTemplates.flatMap((templates) => fillTemplates(templates, phrase))) {
        assert.deepEqual(tokenizer.unknownWords(text), [], text);
        assert.ok(tokenizer.countTokens(text) <= tokenizer.contextLength, text);
      }
    }
  });

  it('keeps the tokens of the published tokenizer, renumbered', () => {
    const kept = definition.pruned?.tokens ?? [];
    for (const text of events.flatMap(promptsOf)) {
      const [...ids] = tokenizer.encode(text).subarray(0, tokenizer.countTokens(text));
      const [...original] = published.encode(text).subarray(0, published.countTokens(text));
      assert.deepEqual(
        ids.map((id) => kept[id]),
        original,
        text,
      );
    }
  });

  it('keeps no token that no word needs', () => {
    const needed = definition.pruned?.words.flatMap((word) => [...published.encode(word)]) ?? [];
    assert.deepEqual(new Set(definition.pruned?.tokens), new Set(needed.filter((token) => token !== 0)));
  });

  it('cuts off no caption of two events, and needs its whole context for the longest', () => {
    for (const text of drawnCaptions()) assert.ok(tokenizer.countTokens(text) <= tokenizer.contextLength, text);
    const length = (text: string): number => published.countTokens(text) - 2;
    const longest = (texts: readonly string[]): string => texts.reduce((a, b) => (length(b) > length(a) ? b : a));
    const [first, second] = events
      .filter(({ sensors }) => sensors.includes('vision'))
      .map(({ phrases }) => longest(phrases))
      .sort((a, b) => length(b) - length(a));
    const room = longest(rooms.map(({ name }) => name));
    const caption = `a camera view of ${first} and ${second} in the middle of the ${room}`;
    assert.equal(tokenizer.countTokens(caption), tokenizer.contextLength, caption);
  });

  it('refuses words that were never learned and offers near ones', async (context) => {
    const tokenizerPath = path.join(await temporaryFolder(context), 'tokenizer.json');
    await writeFile(tokenizerPath, serialiseTokenizer(definition));
    const { contextLength: length, vocabularySize: vocabulary } = tokenizer;
    const preprocessor = textPresets[0]?.create({ kind: 'tokens', length, vocabulary }, { tokenizerPath });
    const prepare = async (text: string): Promise<unknown> => preprocessor?.prepare({ kind: 'text', text });
    await assert.rejects(prepare('a barking elephant'), refused('WORD_UNKNOWN', /"elephant"/));
    await assert.rejects(prepare('a barkin doog'), { code: 'WORD_UNKNOWN', cure: /"barking".*"dog"/ });
    assert.ok(await prepare('a barking dog'));
  });

  it('takes well below a megabyte in a bundle', () => {
    assert.ok(serialiseTokenizer(definition).length < 2 ** 20);
  });
});
