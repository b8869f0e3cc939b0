import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { prunedTokenizer, tokenizerDefinition } from '../../../models/text/publishedTokenizer';
import { createTokenizer, type Tokenizer } from '../../../models/text/tokenizer';
import { parseTokenizer, serialiseTokenizer } from '../../../models/text/tokenizerDefinition';
import { isSensebindError } from '../../../runtime/errors';
import { golden } from '../../support/paths';

interface TokenCase {
  readonly texts: readonly string[];
  readonly tokens: readonly (readonly number[])[];
}

const { cases }: { readonly cases: readonly Partial<TokenCase>[] } = JSON.parse(
  readFileSync(golden('golden.json'), 'utf8'),
);

const START = 49_406;
const END = 49_407;
const LENGTH = 77;

describe('CLIP tokenizer', () => {
  let tokenizer: Tokenizer;
  before(() => {
    tokenizer = createTokenizer(tokenizerDefinition());
  });

  for (const { texts = [], tokens = [] } of cases) {
    for (const [index, text] of texts.entries()) {
      it(`gives the reference's tokens of ${JSON.stringify(text.slice(0, 40))}`, () => {
        assert.deepEqual([...tokenizer.encode(text)], tokens[index]);
      });
    }
  }

  it('keeps the end of a text that is too long (reference/imagebind.md §4)', () => {
    const ids = tokenizer.encode('dog '.repeat(200));
    assert.equal(ids.length, LENGTH);
    assert.equal(ids.indexOf(END), LENGTH - 1);
  });

  it('encodes any string as start, words, end, zeros', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const ids = [...tokenizer.encode(text)];
        const end = ids.indexOf(END);
        assert.equal(ids[0], START);
        assert.ok(end > 0 && ids.slice(end + 1).every((id) => id === 0));
        assert.equal(Math.max(...ids), END);
      }),
    );
  });

  it('survives being written and read', () => {
    const again = createTokenizer(parseTokenizer(serialiseTokenizer(tokenizerDefinition())));
    assert.deepEqual(again.encode('glass breaking'), tokenizer.encode('glass breaking'));
  });
});

describe('pruned tokenizer', () => {
  const pruned = createTokenizer(tokenizerDefinition({ keep: { texts: ['glass breaking', 'a dog barking'] } }));

  it('is the same for the same words in another order', () => {
    const [one, other] = [
      ['glass breaking', 'a dog'],
      ['dog a', 'a breaking', 'glass'],
    ].map((texts) => prunedTokenizer({ texts, contextLength: 24 }));
    assert.deepEqual(one, other);
    assert.equal(one?.contextLength, 24);
  });

  it('gives compact ids, the end of text the largest', () => {
    const ids = [...pruned.encode('glass breaking')];
    assert.ok(Math.max(...ids) < 20);
    assert.equal(ids.indexOf(Math.max(...ids)), 3);
  });

  it('names words that it does not know, and offers near ones', () => {
    assert.deepEqual(pruned.unknownWords('glass breakin'), ['breakin']);
    assert.ok(pruned.near('breakin').includes('breaking'));
  });
});

describe('tokenizer files', () => {
  it('takes the smallest', () => {
    const tokens = [512, 513];
    assert.equal(createTokenizer(parseTokenizer(definitionWith({ pruned: { tokens, words: [] } }))).vocabularySize, 2);
  });

  for (const [name, text] of [
    ['no JSON', '{'],
    ['another format', '{"format":"clip-bpe/9"}'],
    ['a prototype', '{"__proto__":{"format":"clip-bpe/1"}}'],
    ['a list', '[]'],
    ['a field of others', definitionWith({ more: 1 })],
    ['a context that is no number', definitionWith({ contextLength: '77' })],
    ['a context without room', definitionWith({ contextLength: 2 })],
    ['merges as a list', definitionWith({ merges: ['a b'] })],
    ['a pruned vocabulary without words', definitionWith({ pruned: { tokens: [512, 513] } })],
    ['tokens that are no ids', definitionWith({ pruned: { tokens: [-1, 0.5], words: [] } })],
    ['words that are none', definitionWith({ pruned: { tokens: [512, 513], words: [''] } })],
    ['broken merges', JSON.stringify({ format: 'clip-bpe/1', contextLength: 77, merges: 'a b c\nd' })],
  ] as const) {
    it(`refuses ${name}`, () => {
      assert.throws(
        () => createTokenizer(parseTokenizer(text)),
        (error) => isSensebindError(error, 'TOKENIZER_INVALID'),
      );
    });
  }
});

/** One without merges, some fields of it replaced. */
function definitionWith(fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ format: 'clip-bpe/1', contextLength: 77, merges: '', ...fields });
}
