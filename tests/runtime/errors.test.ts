import assert from 'node:assert/strict';
import { it } from 'node:test';
import { messageOf } from '../../runtime/errors';

it('finds words in whatever was thrown, also where Node.js gives none', () => {
  assert.equal(messageOf(new Error('word')), 'word');
  assert.equal(messageOf('word'), 'word');
  assert.equal(messageOf(new TypeError('')), 'TypeError');
  // As node:net throws it when each address of a host name refuses.
  assert.equal(messageOf(new AggregateError([new Error('first'), new Error('second')])), 'first; second');
});
