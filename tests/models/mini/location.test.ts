import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { it } from 'node:test';
import { bundleFolder, miniBundleFolder } from '../../../models/mini/location';
import { inEnvironment } from '../../support/environment';
import { temporaryFolder } from '../../support/temporaryFolder';

it('a name means the shipped bundle, a folder that is there, or one that was set up', async (context) => {
  const home = await temporaryFolder(context);
  const from = await temporaryFolder(context);
  inEnvironment(context, { XDG_DATA_HOME: home });
  const setUp = path.join(home, 'sensebind', 'bundles', 'imagebind');
  assert.equal(bundleFolder('imagebind', from), path.join(from, 'imagebind'), 'nothing of that name was set up');
  await mkdir(setUp, { recursive: true });
  await writeFile(path.join(setUp, 'manifest.json'), '{}');
  assert.equal(bundleFolder('imagebind', from), setUp);
  for (const named of ['./imagebind', '../imagebind', 'a/imagebind', '..', '.']) {
    assert.equal(bundleFolder(named, from), path.resolve(from, named));
  }
  assert.equal(bundleFolder('/imagebind', from), '/imagebind');
  assert.equal(bundleFolder(undefined, from), miniBundleFolder());
  assert.equal(bundleFolder('mini', from), miniBundleFolder());
  await mkdir(path.join(from, 'imagebind'));
  assert.equal(bundleFolder('imagebind', from), path.join(from, 'imagebind'));
});
