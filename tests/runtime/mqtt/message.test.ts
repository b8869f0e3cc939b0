import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { forLong, wordMessage } from '../../../runtime/mqtt/message';

describe('a message that is kept', () => {
  it('has memory of its own, not the pool that it was cut from', () => {
    const message = wordMessage('online');
    const kept = forLong(message);
    assert.notEqual(kept, message);
    assert.deepEqual(kept, message);
    assert.equal(kept.payload.buffer.byteLength, 'online'.length);
    assert.equal(forLong(kept).payload, kept.payload);
  });
});
