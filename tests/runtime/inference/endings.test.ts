import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ENDINGS, endOnce, slowBundle } from '../../faults/endings';

// Once each; three times and more by `npm run faults`.
describe('the end of a process while onnxruntime works (reference/onnxruntime.md §6)', () => {
  let bundle: Awaited<ReturnType<typeof slowBundle>>;
  before(async () => {
    bundle = await slowBundle();
  });
  after(() => bundle.remove());

  for (const scenario of ENDINGS) {
    it(`${scenario.ending} while ${scenario.activity} ends with ${scenario.expected}`, async () => {
      assert.equal(await endOnce(scenario, bundle.directory), scenario.expected);
    });
  }
});
