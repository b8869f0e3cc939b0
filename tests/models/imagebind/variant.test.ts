import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { parseVariant, readVariant, VARIANTS, variantBeside } from '../../../models/imagebind/variant';
import { isSensebindError } from '../../../runtime/errors';
import { golden } from '../../support/paths';

let folder: string;

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'sensebind-variant-'));
});

after(async () => {
  await rm(folder, { recursive: true, force: true });
});

function refusal(pattern: RegExp): (error: unknown) => boolean {
  return (error) => isSensebindError(error, 'VARIANT_INVALID') && pattern.test(error.message);
}

test('imagebind_huge is the published model', async () => {
  // reference/imagebind.md §1.1 (heads, strides, sizes, grid), §3.1 (sound), §7 (motion).
  const { encoders } = await readVariant('imagebind_huge');
  const heads = Object.fromEntries(Object.entries(encoders).map(([modality, encoder]) => [modality, encoder.heads]));
  assert.deepEqual(heads, { vision: 16, text: 16, audio: 12, depth: 8, thermal: 12, imu: 8 });
  const { vision, audio, depth, thermal, imu } = encoders;
  assert.deepEqual([vision?.stride, vision?.frames, vision?.height, vision?.width], [[2, 14, 14], 2, 224, 224]);
  for (const picture of [depth, thermal]) {
    assert.deepEqual([picture?.stride, picture?.height, picture?.width], [[16, 16], 224, 224]);
  }
  assert.deepEqual([audio?.stride, audio?.melBins, audio?.columns], [[10, 10], 128, 204]);
  assert.deepEqual([audio?.sampleRateHz, audio?.clipSeconds, audio?.clips], [16_000, 2, 3]);
  assert.deepEqual([imu?.kernel, imu?.rateHz, imu?.windowSeconds], [8, 400, 5]);
  const presets = Object.values(encoders).map(({ preset }) => preset);
  assert.deepEqual(presets, ['clip', 'clip-bpe', 'kaldi-fbank', 'metric', 'gray8', 'ego4d']);
});

test('a golden.json gives heads, and the published rest', async () => {
  const { encoders } = await readVariant(golden('golden.json'));
  const huge = await readVariant('imagebind_huge');
  const { config } = JSON.parse(await readFile(golden('golden.json'), 'utf8')) as { config: Record<string, number> };
  for (const [modality, encoder] of Object.entries(huge.encoders)) {
    const heads = config[`${modality}_num_heads`];
    assert.deepEqual(encoders[modality as keyof typeof encoders], { ...encoder, heads });
  }
});

test('our own JSON is read, by path and beside a checkpoint', async () => {
  const variant = {
    format: 'sensebind-variant/1',
    name: 'mine',
    encoders: { imu: { heads: 2, kernel: 5, rateHz: 50, windowSeconds: 2, preset: 'ego4d' } },
  };
  const file = path.join(folder, 'weights.json');
  await writeFile(file, JSON.stringify(variant));
  assert.deepEqual(await readVariant(file), variant);
  assert.deepEqual(await variantBeside(path.join(folder, 'weights.pth')), variant);
  assert.equal(await variantBeside(path.join(folder, 'other.pth')), undefined);
});

test('anything else is refused with the names that are known', async () => {
  await assert.rejects(readVariant('imagebind_hug'), refusal(/imagebind_huge, imagebind_mini, .*"imagebind_hug"/));
  await assert.rejects(readVariant(folder), refusal(/cannot be read/));
  assert.throws(() => parseVariant('{', 'x.json'), refusal(/x\.json is not JSON/));
  assert.throws(() => parseVariant('{"config":{}}', 'x.json'), refusal(/required/));
  assert.throws(() => parseVariant('{"config":{"vision_num_heads":0}}', 'x.json'), refusal(/heads/));
  assert.throws(
    () => parseVariant('{"format":"sensebind-variant/1","name":"x","encoders":{}}', 'x.json'),
    refusal(/encoders/),
  );
  const unknown = '{"format":"sensebind-variant/1","name":"x","encoders":{"smell":{"heads":1}}}';
  assert.throws(() => parseVariant(unknown, 'x.json'), refusal(/smell/));
});

test('no text makes it fail otherwise', () => {
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    fc.json().map((config) => `{"config":${config}}`),
  );
  fc.assert(
    fc.property(text, (content) => {
      try {
        parseVariant(content, 'x.json');
      } catch (error) {
        assert.ok(isSensebindError(error, 'VARIANT_INVALID'), String(error));
      }
    }),
  );
});

test('names are unique', () => {
  assert.equal(new Set(VARIANTS.map(({ name }) => name)).size, VARIANTS.length);
});
