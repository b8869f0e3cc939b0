import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { InputSpec } from '../../../models/bundle/manifest';
import { type Keep, tokenizerDefinition } from '../../../models/text/publishedTokenizer';
import { serialiseTokenizer } from '../../../models/text/tokenizerDefinition';
import type { Prepared, Preprocessor } from '../../../runtime/preprocess/preset';
import { textPresets } from '../../../runtime/preprocess/text';
import { refused } from '../../support/refused';
import { temporaryFolder } from '../../support/temporaryFolder';

const WHOLE = { kind: 'tokens', length: 77, vocabulary: 49_408 } as const;

async function preprocessor(
  context: TestContext,
  { spec = WHOLE, keep }: { readonly spec?: InputSpec; readonly keep?: Keep } = {},
): Promise<Preprocessor> {
  const tokenizerPath = path.join(await temporaryFolder(context), 'tokenizer.json');
  await writeFile(tokenizerPath, serialiseTokenizer(tokenizerDefinition(keep === undefined ? {} : { keep })));
  const [preset] = textPresets;
  assert.ok(preset);
  return preset.create(spec, { tokenizerPath });
}

async function prepare(one: Preprocessor, text: string): Promise<Prepared> {
  return one.prepare({ kind: 'text', text });
}

describe('text', () => {
  it('becomes token ids of one item', async (context) => {
    const { items, flags } = await prepare(await preprocessor(context), 'A dog.');
    assert.deepEqual(items[0]?.shape, [1, 77]);
    // reference/imagebind.md §4
    assert.deepEqual([...(items[0]?.data ?? [])].slice(0, 6), [49_406, 320, 1929, 269, 49_407, 0]);
    assert.deepEqual(flags, []);
  });

  it('that is too long is cut off as in the reference, and flagged', async (context) => {
    const { items, flags } = await prepare(await preprocessor(context), 'dog '.repeat(10_000));
    assert.equal(items[0]?.data[76], 49_407);
    assert.deepEqual(flags, ['partial-window']);
  });

  it('of any size costs no more than its limit', async (context) => {
    const one = await preprocessor(context);
    await assert.rejects(prepare(one, 'a'.repeat(65_537)), refused('INPUT_TOO_LARGE', /65536 .* found 65537/));
    await assert.rejects(async () => one.prepare({ kind: 'pictureFile', bytes: new Uint8Array() }), {
      code: 'INPUT_UNSUPPORTED',
    });
  });

  it('with words that a pruned vocabulary lacks is refused, with near ones offered', async (context) => {
    const keep = { texts: ['glass breaking', 'a dog barking'] };
    const { pruned } = tokenizerDefinition({ keep });
    const spec = { ...WHOLE, vocabulary: pruned?.tokens.length ?? 0 };
    const one = await preprocessor(context, { spec, keep });
    await assert.rejects(prepare(one, 'glass breakin'), (error) => {
      assert.ok(refused('WORD_UNKNOWN', /"breakin"/)(error));
      assert.match(String((error as { cure?: unknown }).cure), /"breaking"/);
      return true;
    });
    assert.equal((await prepare(one, 'a dog barking')).items.length, 1);
  });

  it('is not encoded with the tokenizer of another encoder', async (context) => {
    const spec = { ...WHOLE, vocabulary: 50 };
    await assert.rejects(preprocessor(context, { spec }), refused('BUNDLE_INVALID', /50 tokens .* 49408/));
  });
});
