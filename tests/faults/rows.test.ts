import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ROWS } from './rows';

describe('the fault matrix (reference/anchors.md), small', () => {
  for (const [index, { row, skip = false, small }] of ROWS.entries()) {
    if (small === undefined) continue;
    it(`${row}, program ${index}`, { skip }, async (context) => {
      const { description, problems } = await small();
      context.diagnostic(description);
      assert.deepEqual(problems, [], description);
    });
  }
});
