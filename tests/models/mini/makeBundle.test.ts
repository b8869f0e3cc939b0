import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Bundle, openBundle } from '../../../models/bundle/bundle';
import { parseManifest, readManifest } from '../../../models/bundle/readManifest';
import { MODALITIES } from '../../../models/imagebind/modality';
import { MINI_NOTICE } from '../../../models/mini/makeBundle';
import { Engine } from '../../../runtime/inference/engine';
import { cosine } from '../../../runtime/zeroshot/arithmetic';
import { randomMiniBundle } from '../../support/randomMiniBundle';
import { refused } from '../../support/refused';

/** The most that may lie in the repository. */
const MOST_BYTES = 16e6;

let folder: string;
let bundle: Bundle;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'sensebind-mini-'));
  await randomMiniBundle(path.join(folder, 'bundle'));
  bundle = await openBundle(path.join(folder, 'bundle'), { stateDirectory: path.join(folder, 'state') });
});
after(() => rm(folder, { recursive: true }));

describe('the bundle that is shipped', () => {
  it('says what it is, whose it is and what it must not be taken for', () => {
    const { name, variant, trained, licence, notice, encoders } = bundle.manifest;
    assert.deepEqual([name, variant, trained], ['imagebind_mini', 'imagebind_mini', true]);
    assert.deepEqual(new Set(Object.keys(encoders)), new Set(MODALITIES));
    assert.ok(Object.values(encoders).every(({ precision }) => precision === 'int8'));
    assert.equal(licence.name, 'Apache-2.0');
    assert.equal(notice, MINI_NOTICE);
    assert.match(MINI_NOTICE, /knows only the simulated world/);
  });

  it('is made of the same weights in float32, in one space with them', async () => {
    const floats = await readManifest(path.join(folder, 'floating-point'));
    assert.ok(Object.values(floats.encoders).every(({ precision }) => precision === 'fp32'));
    assert.equal(floats.space, bundle.manifest.space);
  });

  it('is small enough to lie in the repository', () => {
    const { encoders, tokenizer } = bundle.manifest;
    const files = [tokenizer, ...Object.values(encoders).flatMap(({ model, weights }) => [model, weights])];
    const bytes = files.reduce((sum, file) => sum + (file?.bytes ?? 0), 0);
    assert.ok(bytes < MOST_BYTES, `${bytes} bytes`);
  });

  it('embeds the words of the simulated world and refuses others', async () => {
    const engine = await Engine.open(bundle);
    try {
      const encode = (text: string) => engine.encode('text', { kind: 'text', text });
      const [dog, loudDog, alarm] = [
        await encode('a barking dog'),
        await encode('a loud dog'),
        await encode('an alarm'),
      ];
      assert.equal(dog.vector.length, 128);
      assert.ok(cosine(dog, loudDog) > cosine(dog, alarm), 'even random weights tell the same words from others');
      await assert.rejects(encode('an elephant'), refused('WORD_UNKNOWN', /"elephant"/));
    } finally {
      await engine.close();
    }
  });
});

describe('the notice of a manifest', () => {
  const withNotice = (notice: unknown) => Buffer.from(JSON.stringify({ ...bundle.manifest, notice }));

  it('may be left out', () => {
    assert.equal(parseManifest(withNotice(undefined)).notice, undefined);
  });

  it('is one line of bounded length that cannot steer a terminal', () => {
    for (const notice of ['', 'two\nlines', '\u001b[2J', '\u009b2J', 'x'.repeat(513), 7]) {
      assert.throws(() => parseManifest(withNotice(notice)), refused('BUNDLE_INVALID', /\/notice/));
    }
  });
});
