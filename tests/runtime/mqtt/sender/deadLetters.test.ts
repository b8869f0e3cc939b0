import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { DeadLetters } from '../../../../runtime/mqtt/sender/deadLetters';
import { ManualClock } from '../../../support/manualClock';
import { sizeOf } from '../../../support/spoolFolder';
import { temporaryFolder } from '../../../support/temporaryFolder';

describe('the file of dead letters', () => {
  const letter = { topic: 'a', reason: 'test', payload: Buffer.alloc(900_000, 'x'), text: true };

  it('keeps within its size, however many letters there are', async (context) => {
    const file = path.join(await temporaryFolder(context), 'dead-letters.jsonl');
    const letters = new DeadLetters({ file, clock: new ManualClock() });
    for (let count = 0; count < 30; count++) {
      letters.add(letter);
      await letters.flush();
    }
    const sizes = await Promise.all([file, `${file}.1`].map(sizeOf));
    assert.ok(
      sizes.every((size) => size > 0 && size <= 2 ** 23),
      String(sizes),
    );
    assert.deepEqual(letters.counters(), { count: 30, unwritten: 0 });
  });

  it('loses letters that come faster than the disk, and counts them', async (context) => {
    const file = path.join(await temporaryFolder(context), 'dead-letters.jsonl');
    const letters = new DeadLetters({ file, clock: new ManualClock() });
    for (let count = 0; count < 30; count++) letters.add(letter);
    await letters.flush();
    // 4 MiB wait at most.
    assert.deepEqual(letters.counters(), { count: 30, unwritten: 26 });
    assert.ok((await sizeOf(file)) > 4 * 900_000);
  });
});
