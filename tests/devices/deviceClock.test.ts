import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DeviceClock } from '../../devices/deviceClock';
import { SampleCounter } from '../../devices/imu/sampleCounter';
import { randomOf } from '../fuzz/mutate';

interface Simulation {
  readonly driftPpm: number;
  readonly rateHz: number;
  /** Mean of the delays of messages, exponentially distributed. */
  readonly jitterMicros: number;
  readonly seconds: number;
  readonly seed: number;
}

/** Messages of a device whose clock is off: true time, device time and arrival, in their order. */
function* messages({ driftPpm, rateHz, jitterMicros, seconds, seed }: Simulation) {
  const random = randomOf(seed);
  let lastArrival = 0;
  for (let index = 0; index < seconds * rateHz; index++) {
    const trueMicros = (index * 1e6) / rateHz;
    const deviceMicros = Math.round(trueMicros * (1 + driftPpm / 1e6)) + 123_456_789;
    const delay = -Math.log(1 - random(1e9) / 1e9) * jitterMicros;
    // A stream keeps its order: what is late holds up what follows.
    lastArrival = Math.max(lastArrival, Math.round(trueMicros + delay));
    yield { trueMicros, deviceMicros, arrivedMicros: lastArrival };
  }
}

const simulation = fc.record({
  driftPpm: fc.integer({ min: -100, max: 100 }),
  rateHz: fc.constantFrom(100, 200, 400),
  jitterMicros: fc.integer({ min: 100, max: 4000 }),
  seconds: fc.constant(40),
  seed: fc.nat(1e6),
});

describe('the clock of a device', () => {
  it('is mapped within a fifth of the mean jitter after five seconds, at any drift of a crystal', () => {
    fc.assert(
      fc.property(simulation, (parts) => {
        const clock = new DeviceClock();
        let largest = 0;
        let last = Number.NEGATIVE_INFINITY;
        for (const { trueMicros, deviceMicros, arrivedMicros } of messages(parts)) {
          const mapped = clock.map(deviceMicros, arrivedMicros);
          assert.ok(mapped >= last && mapped <= arrivedMicros);
          last = mapped;
          if (trueMicros > 5e6) largest = Math.max(largest, Math.abs(mapped - trueMicros));
        }
        assert.equal(clock.resets, 0);
        assert.ok(largest <= 50 + parts.jitterMicros / 5, `${largest} µs`);
      }),
      { numRuns: 40 },
    );
  });

  it('is not moved by a host that is busy for seconds', () => {
    const clock = new DeviceClock();
    let largest = 0;
    for (const { trueMicros, deviceMicros, arrivedMicros } of messages({
      driftPpm: 80,
      rateHz: 100,
      jitterMicros: 500,
      seconds: 60,
      seed: 1,
    })) {
      const isBusy = trueMicros > 30e6 && trueMicros < 33e6;
      const mapped = clock.map(deviceMicros, isBusy ? Math.ceil(arrivedMicros / 5e4) * 5e4 : arrivedMicros);
      if (trueMicros > 5e6) largest = Math.max(largest, Math.abs(mapped - trueMicros));
    }
    assert.ok(largest < 1000, `${largest} µs`);
  });

  it('starts anew when the device does, or when its counter wraps', () => {
    for (const jump of [-(2 ** 32), 5e6]) {
      const clock = new DeviceClock();
      let mapped = 0;
      for (let index = 0; index < 1000; index++) {
        const trueMicros = index * 10_000;
        mapped = clock.map(2 ** 33 + trueMicros + (index < 500 ? 0 : jump), trueMicros + 100);
        if (index > 0) assert.ok(Math.abs(mapped - trueMicros - 100) <= 1, `${index}: ${mapped}`);
      }
      assert.equal(clock.resets, 1);
    }
  });

  it('starts anew when the device stood still', () => {
    const clock = new DeviceClock();
    let error = 0;
    for (let index = 0; index < 1000; index++) {
      const trueMicros = index * 10_000 + (index < 500 ? 0 : 3e6);
      error = clock.map(index * 10_000, trueMicros) - trueMicros;
    }
    assert.equal(clock.resets, 1);
    assert.equal(error, 0);
  });
});

describe('a count of samples', () => {
  it('gives even times at a rate that is nominal only, over lost samples', () => {
    fc.assert(
      fc.property(fc.integer({ min: -20_000, max: 20_000 }), fc.nat(1e6), (ratePpm, seed) => {
        const counter = new SampleCounter(100);
        const random = randomOf(seed);
        let steps = 0;
        let largest = 0;
        const parts = { driftPpm: 0, rateHz: 100 * (1 + ratePpm / 1e6), jitterMicros: 2000, seconds: 30, seed };
        for (const { trueMicros, arrivedMicros } of messages(parts)) {
          steps++;
          if (random(50) === 0) continue;
          const mapped = counter.next(steps, arrivedMicros);
          steps = 0;
          if (trueMicros > 5e6) largest = Math.max(largest, Math.abs(mapped - trueMicros));
        }
        assert.ok(largest < 1500, `${largest} µs`);
      }),
      { numRuns: 30 },
    );
  });
});
