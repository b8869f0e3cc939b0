import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeTime } from 'ulid';
import { newId } from '../../runtime/newId';

describe('ids', () => {
  it('are ULIDs of their time, and never the same', () => {
    const epochMicros = 1_700_000_000_123_456;
    const ids = Array.from({ length: 2000 }, () => newId(epochMicros));
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ids) {
      assert.match(id, /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
      assert.equal(decodeTime(id), 1_700_000_000_123);
    }
    assert.ok(newId(epochMicros + 1000) > (ids[0] ?? ''));
  });

  it('take a wall clock before 1970 for its beginning', () => assert.equal(decodeTime(newId(-5)), 1));
});
