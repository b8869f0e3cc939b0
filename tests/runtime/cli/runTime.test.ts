import assert from 'node:assert/strict';
import { it } from 'node:test';
import { UsageError } from '../../../runtime/cli/output';
import { parseRunTime } from '../../../runtime/cli/runTime';

it('takes a duration for --for that a timer of Node.js can hold, or none', () => {
  assert.equal(parseRunTime(undefined), undefined);
  assert.equal(parseRunTime('20s'), 20_000);
  assert.equal(parseRunTime('500h'), 1_800_000_000);
  for (const text of ['', 'soon', '20', '-1s', '501h', '999999999h'])
    assert.throws(() => parseRunTime(text), UsageError);
});
