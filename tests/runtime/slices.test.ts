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

describe('work in slices', () => {
  it('is done at once where it is little, else in turns of the event loop', async () => {
    const clock = new ManualClock();
    const slices = new Slices(clock);
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
    const slices = new Slices(clock);
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
    const slices = new Slices(clock);
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
});
