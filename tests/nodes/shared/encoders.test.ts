import assert from 'node:assert/strict';
import { it } from 'node:test';
import { BundleSettings } from '../../../nodes/bundle/controller';
import { engineOptionsOf } from '../../../nodes/shared/encoders';
import { readSettings } from '../../../nodes/shared/settings';

it('a bundle node asks for the check of memory, unless it is told not to', () => {
  const optionsOf = (definition: Readonly<Record<string, unknown>>) => {
    const { providers: _, ...settings } = readSettings(definition, {
      type: 'sensebind-bundle',
      schema: BundleSettings,
      migrations: [],
    });
    return engineOptionsOf(settings);
  };
  assert.equal(optionsOf({}).memory, undefined);
  assert.equal(optionsOf({ skipMemoryCheck: false }).memory, undefined);
  assert.equal(optionsOf({ skipMemoryCheck: true }).memory, 'unchecked');
  assert.deepEqual(optionsOf({ deviceCacheGigabytes: '0.5' }).deviceCache, { maxBytes: 5e8 });
});
