import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readAhead } from '../../../models/streaming/readAhead';
import type { Scratch } from '../../../models/streaming/scratch';

/** Reads that end when the test says so; `started` and `ended` count them. */
function manualReads() {
  const ends: (() => void)[] = [];
  const reads = { started: 0, ended: 0, end: (index: number) => ends[index]?.() };
  const read = async (item: number): Promise<number> => {
    reads.started++;
    await new Promise<void>((resolve) => ends.push(resolve));
    reads.ended++;
    return item;
  };
  return { reads, read };
}

describe('reading ahead', () => {
  it('gives every item in order, each with numbers that no other read has touched', async () => {
    const fill = async (number: number, scratch: Scratch): Promise<Float32Array> =>
      scratch.float32(number % 7).fill(number);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(1000)), async (numbers) => {
        const seen: number[] = [];
        for await (const [number, filled] of readAhead(numbers, fill)) {
          seen.push(number);
          // Whatever was started beside it has run by now.
          await new Promise(setImmediate);
          assert.deepEqual([...filled], new Array(number % 7).fill(number));
        }
        assert.deepEqual(seen, numbers);
      }),
      { numRuns: 50 },
    );
  });

  it('starts one read beside the item that is worked on, and no more', async () => {
    const { reads, read } = manualReads();
    const items = readAhead([0, 1, 2, 3], read);
    const first = items.next();
    reads.end(0);
    assert.deepEqual((await first).value, [0, 0]);
    assert.equal(reads.started, 2);
    const second = items.next();
    reads.end(1);
    assert.deepEqual((await second).value, [1, 1]);
    assert.equal(reads.started, 3);
    const over = items.return();
    reads.end(2);
    await over;
  });

  it('throws what a read threw in the place of its item', async () => {
    const seen: number[] = [];
    const read = async (item: number): Promise<number> => {
      if (item === 1) throw new Error('damaged');
      return item;
    };
    await assert.rejects(async () => {
      for await (const [item] of readAhead([0, 1, 2], read)) {
        await new Promise(setImmediate);
        seen.push(item);
      }
    }, /damaged/);
    assert.deepEqual(seen, [0]);
  });

  it('that the caller leaves ends only when nothing is being read', async () => {
    const { reads, read } = manualReads();
    const items = readAhead([0, 1, 2], read);
    const first = items.next();
    reads.end(0);
    await first;
    const left = items.return().then(() => reads.ended);
    reads.end(1);
    assert.equal(await left, 2);
    assert.equal(reads.started, 2);
  });
});
