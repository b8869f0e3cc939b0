import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Slices } from '../../runtime/slices';
import { ManualClock } from '../support/manualClock';

/** Work whose pieces take a millisecond each. */
function* pieces(clock: ManualClock, { name, count, done }: { name: string; count: number; done: string[] }) {
  for (let piece = 0; piece < count; piece++) {
    clock.sleep(1);
    done.push(`${name}${piece}`);
    yield;
  }
}

function fail(error: unknown): never {
  throw error;
}

describe('work in slices', () => {
  it('is done at once where it is little, else in turns of the event loop', async () => {
    const clock = new ManualClock();
    const slices = new Slices(clock, fail);
    const done: string[] = [];
    slices.run(pieces(clock, { name: 'a', count: 1, done }));
    assert.deepEqual(done, ['a0']);
    slices.run(pieces(clock, { name: 'b', count: 5, done }));
    assert.deepEqual(done, ['a0', 'b0', 'b1']);
    await clock.advance(100);
    assert.deepEqual(done.slice(3), ['b2', 'b3', 'b4']);
  });

  it('is given up for other work, and when it is cancelled', async () => {
    const clock = new ManualClock();
    const slices = new Slices(clock, fail);
    const done: string[] = [];
    slices.run(pieces(clock, { name: 'a', count: 9, done }));
    slices.run(pieces(clock, { name: 'b', count: 9, done }));
    assert.deepEqual(done, ['a0', 'a1', 'b0', 'b1']);
    slices.cancel();
    await clock.advance(1000);
    assert.equal(done.length, 4);
  });

  it('may begin its successor itself', async () => {
    const clock = new ManualClock();
    const slices = new Slices(clock, fail);
    const done: string[] = [];
    slices.run(
      (function* () {
        done.push('first');
        slices.run(pieces(clock, { name: 'b', count: 1, done }));
        yield;
        done.push('never');
      })(),
    );
    await clock.advance(1000);
    assert.deepEqual(done, ['first', 'b0']);
  });

  it('tells of what it fails of later on, and goes on with other work', async () => {
    const clock = new ManualClock();
    const failures: unknown[] = [];
    const slices = new Slices(clock, (error) => failures.push(error));
    slices.run(
      (function* () {
        clock.sleep(5);
        yield;
        throw new Error('planned');
      })(),
    );
    await clock.advance(100);
    assert.deepEqual(failures, [new Error('planned')]);
    const done: string[] = [];
    slices.run(pieces(clock, { name: 'a', count: 1, done }));
    assert.deepEqual(done, ['a0']);
  });
});
