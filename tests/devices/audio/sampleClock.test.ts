import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SampleClock } from '../../../devices/audio/sampleClock';
import { ManualClock } from '../../support/manualClock';

const RATE = 16_000;
const BLOCK = 320;
const BLOCK_MILLIS = 20;

describe('times of the samples of a sound card', () => {
  it('are the start and n / rate when blocks come in time', () => {
    const clock = new ManualClock();
    const samples = new SampleClock(clock, RATE);
    for (let block = 0; block < 50; block++) {
      clock.sleep(BLOCK_MILLIS);
      const expected = block * BLOCK_MILLIS * 1000;
      assert.deepEqual(samples.timeOf(BLOCK), {
        monotonicMicros: expected,
        timeMicros: clock.epochStartMicros + expected,
      });
    }
  });

  it('hardly move when a busy host takes a block 300 ms late', () => {
    const clock = new ManualClock();
    const samples = new SampleClock(clock, RATE);
    clock.sleep(BLOCK_MILLIS);
    samples.timeOf(BLOCK);
    clock.sleep(BLOCK_MILLIS + 300);
    const late = samples.timeOf(BLOCK).monotonicMicros;
    assert.ok(Math.abs(late - 20_000) < 1000, `${late}`);
  });

  it('follow a crystal that is 50 ppm slow for ten minutes to within 5 ms', () => {
    const clock = new ManualClock();
    const samples = new SampleClock(clock, RATE);
    const realBlockMillis = BLOCK_MILLIS * (1 + 50e-6);
    let error = 0;
    for (let block = 0; block < (10 * 60_000) / BLOCK_MILLIS; block++) {
      clock.sleep(realBlockMillis);
      const start = clock.monotonicMicros() - realBlockMillis * 1000;
      error = Math.abs(samples.timeOf(BLOCK).monotonicMicros - start);
    }
    assert.ok(error < 5000, `off by ${error} µs`);
  });

  it('are corrected at once when a block comes before its time: the first one was late', () => {
    const clock = new ManualClock();
    const samples = new SampleClock(clock, RATE);
    clock.sleep(BLOCK_MILLIS + 200);
    samples.timeOf(BLOCK);
    // The next blocks were waiting in the pipe.
    for (let block = 1; block < 11; block++) samples.timeOf(BLOCK);
    assert.equal(samples.timeOf(0).monotonicMicros, clock.monotonicMicros());
  });

  it('start anew after samples were lost', () => {
    const clock = new ManualClock();
    const samples = new SampleClock(clock, RATE);
    clock.sleep(BLOCK_MILLIS);
    samples.timeOf(BLOCK);
    samples.restart();
    clock.sleep(1000);
    assert.equal(samples.timeOf(BLOCK).monotonicMicros, 1_000_000);
  });
});
