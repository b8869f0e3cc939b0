import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { DiscoveryFile } from '../../../../runtime/mqtt/discovery/discoveryFile';
import type { KnownPages } from '../../../../runtime/mqtt/discovery/pages';
import { temporaryFolder } from '../../../support/temporaryFolder';

const KNOWN: KnownPages = new Map([
  ['homeassistant/device/sensebind_box/config', new Map([['label_dog', 'binary_sensor'] as const])],
]);

describe('the file of what Home Assistant was told of', () => {
  it('gives back what was saved, and nothing where nothing was', async (context) => {
    const file = new DiscoveryFile(path.join(await temporaryFolder(context), 'discovery.json'));
    assert.deepEqual(await file.load(), new Map());
    await file.save(KNOWN);
    assert.deepEqual(await file.load(), KNOWN);
  });

  for (const [what, text] of [
    ['is no JSON', '{'],
    ['is of another version', '{"format":"sensebind-discovery/2"}'],
    ['has a platform that there is not', '{"format":"sensebind-discovery/1","pages":{"t":{"a":"spaceship"}}}'],
  ] as const) {
    it(`is set aside when it ${what}`, async (context) => {
      const folder = await temporaryFolder(context);
      await writeFile(path.join(folder, 'discovery.json'), text);
      assert.deepEqual(await new DiscoveryFile(path.join(folder, 'discovery.json')).load(), new Map());
      assert.deepEqual(await readdir(folder), ['discovery.json.unreadable']);
    });
  }
});
