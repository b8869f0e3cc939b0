import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { readManifest } from '../../../models/bundle/readManifest';
import { MODALITIES } from '../../../models/imagebind/modality';
import { miniBundleFolder } from '../../../models/mini/location';
import { MINI_NOTICE } from '../../../models/mini/makeBundle';
import { bundleHash } from '../../../runtime/learn/evaluate/bundleHash';
import { readResults } from '../../../runtime/learn/evaluate/results';
import { recallsOf } from '../../../runtime/learn/train/report';

/** The most that may lie in the repository. */
const MOST_BYTES = 16e6;

describe('the trained bundle in the repository', () => {
  const bundle = miniBundleFolder();
  const report = path.join(bundle, '..', 'training');

  it('has all six encoders, and says what it must not be taken for', async () => {
    const { encoders, trained, notice } = await readManifest(bundle);
    assert.deepEqual(new Set(Object.keys(encoders)), new Set(MODALITIES));
    assert.deepEqual([trained, notice], [true, MINI_NOTICE]);
  });

  it('is as small as a repository bears', async () => {
    const files = await readdir(bundle);
    const sizes = await Promise.all(files.map(async (file) => (await stat(path.join(bundle, file))).size));
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    assert.ok(bytes <= MOST_BYTES, `${bytes} bytes`);
  });

  it('is the one that the report beside it tells of, with the log of every stage to its last step', async () => {
    const training = JSON.parse(await readFile(path.join(report, 'training.json'), 'utf8'));
    assert.equal(training.bundleHash, bundleHash(await readManifest(bundle)));
    assert.equal(training.stages.length, 5);
    for (const { name, steps } of training.stages) {
      const recalls = await recallsOf(path.join(report, `${name}.log.jsonl`));
      assert.equal(recalls.at(-1)?.step, steps, name);
    }
  });

  it('has stored results of its own beside it, or none', async () => {
    const { status } = await readResults(bundle, bundleHash(await readManifest(bundle)));
    assert.notEqual(status, 'refused');
  });
});
