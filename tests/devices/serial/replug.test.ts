import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { replug, replugProblems } from '../../faults/replug';
import { isSocatMissing } from '../../support/pty';

describe('a serial device that is unplugged and plugged in under another path', () => {
  it('is offline within 2 s and online within 5 s, five times, and leaves nothing behind', async (context) => {
    if (isSocatMissing(context)) return;
    const report = await replug(5);
    assert.deepEqual(replugProblems(report), [], JSON.stringify(report));
  });
});
