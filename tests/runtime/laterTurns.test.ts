import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { LaterTurns } from '../../runtime/laterTurns';

describe('work of later turns', () => {
  it('is done in order, one piece a turn, and then settled', async () => {
    const later = new LaterTurns();
    const done: string[] = [];
    for (const name of ['a', 'b', 'c']) later.putOff(() => void done.push(name));
    assert.deepEqual(done, []);
    const counts: number[] = [];
    for (let turn = 0; turn < 4; turn++) {
      await setImmediate();
      counts.push(done.length);
    }
    assert.deepEqual(counts, [1, 2, 3, 3]);
    await later.settled();
    assert.deepEqual(done, ['a', 'b', 'c']);
  });

  it('is done at once for what must come after it, and not again', async () => {
    const later = new LaterTurns();
    const done: string[] = [];
    for (const name of ['a', 'b']) later.putOff(() => void done.push(name));
    later.now();
    assert.deepEqual(done, ['a', 'b']);
    later.putOff(() => void done.push('c'));
    await later.settled();
    assert.deepEqual(done, ['a', 'b', 'c']);
  });

  it('settles only after what is put off meanwhile', async () => {
    const later = new LaterTurns();
    const done: string[] = [];
    later.putOff(() => {
      done.push('a');
      later.putOff(() => void done.push('b'));
    });
    await later.settled();
    assert.deepEqual(done, ['a', 'b']);
    await later.settled();
  });
});
