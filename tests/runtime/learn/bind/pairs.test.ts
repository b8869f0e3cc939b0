import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type PairingRules, pairSessions, splitByTime } from '../../../../runtime/learn/bind/pairs';
import { type Stretch, StretchBuilder } from '../../../../runtime/learn/bind/stretch';
import type { Session, Track } from '../../../../runtime/learn/bind/tracks';

const RULES: PairingRules = { toleranceMicros: 100, everyMicros: 0, anchorWindowMicros: 0, sensorWindowMicros: 0 };

function session(anchor: Track, sensor: Track, recording = 0): Session {
  return { recording, run: 0, anchor, sensor };
}

function pictures(micros: readonly number[]): Track {
  return { kind: 'pictures', micros: [...micros].sort((a, b) => a - b) };
}

/** Motion at 10 Hz whose x is the number of the sample. */
function motion(stretches: readonly { readonly fromSeconds: number; readonly seconds: number }[]): readonly Stretch[] {
  const builder = new StretchBuilder();
  for (const { fromSeconds, seconds } of stretches) {
    for (let block = 0; block < seconds; block++) {
      const start = (fromSeconds + block) * 1e6;
      const sampleMicros = Float64Array.from({ length: 10 }, (_, index) => start + index * 1e5);
      const x = Float32Array.from(sampleMicros, (micros) => micros / 1e5);
      builder.motion({
        source: 'imu0',
        modality: 'imu',
        timeMicros: start,
        monotonicMicros: start,
        clockQuality: 'device',
        flags: [],
        sampleMicros,
        acceleration: [x, x, x],
      });
    }
  }
  return builder.finish();
}

describe('pairs', () => {
  it('are the readings nearest in time, each of the sensor once, and every other is counted', () => {
    const times = fc.uniqueArray(fc.integer({ min: 0, max: 5000 }), { maxLength: 40 });
    fc.assert(
      fc.property(times, times, (anchorTimes, sensorTimes) => {
        const [anchor, sensor] = [pictures(anchorTimes), pictures(sensorTimes)];
        const { pairs, counts } = pairSessions([session(anchor, sensor)], RULES);
        const a = [...anchorTimes].sort((x, y) => x - y);
        const s = [...sensorTimes].sort((x, y) => x - y);
        const distance = (micros: number) => Math.min(...s.map((other) => Math.abs(other - micros)));
        const near = a.filter((micros) => distance(micros) <= RULES.toleranceMicros);
        assert.equal(counts.anchorReadings, a.length);
        assert.equal(counts.withoutPartner, a.length - near.length);
        assert.equal(counts.pairs, near.length - counts.sharedPartner);
        const used = pairs.map(({ sensor: place }) => (place.kind === 'moment' ? place.index : -1));
        assert.equal(new Set(used).size, used.length);
        for (const [index, { micros }] of pairs.entries()) {
          assert.equal(Math.abs(s[used[index]!]! - micros), distance(micros));
        }
      }),
    );
  });

  it('take the window that ends at the reading, or the nearest whole one of its stretch', () => {
    const stretches = motion([
      { fromSeconds: 0, seconds: 10 },
      { fromSeconds: 20, seconds: 3 },
    ]);
    assert.deepEqual(
      stretches.map(({ startMicros, endMicros }) => [startMicros / 1e6, endMicros / 1e6]),
      [
        [0, 9.9],
        [20, 22.9],
      ],
    );
    const anchor = pictures([1e6, 7e6, 15e6, 21e6]);
    const rules = { ...RULES, sensorWindowMicros: 3e6 };
    const { pairs, counts } = pairSessions([session(anchor, { kind: 'stretches', stretches })], rules);
    const windows = pairs.map(({ sensor }) => {
      assert.ok(sensor.kind === 'window');
      const input = stretches[sensor.stretch]!.cut(sensor.fromMicros, sensor.toMicros);
      assert.ok(input.kind === 'motion');
      return [input.axes[0]![0]! / 10, input.axes[0]!.at(-1)! / 10];
    });
    assert.deepEqual(windows, [
      [0, 3],
      [4, 7],
      [20, 22.9].map(Math.fround).map((value) => Math.round(value * 10) / 10),
    ]);
    assert.equal(counts.withoutPartner, 1);
  });

  it('take one window of a stream once, for the reading nearest to its end', () => {
    const stretches = motion([{ fromSeconds: 10, seconds: 8 }]);
    const anchor = pictures([10, 10.5, 12, 12.9, 13.4, 16].map((seconds) => seconds * 1e6));
    const rules = { ...RULES, sensorWindowMicros: 3e6 };
    const { pairs, counts } = pairSessions([session(anchor, { kind: 'stretches', stretches })], rules);
    assert.deepEqual(
      pairs.map(({ micros }) => micros / 1e6),
      [12.9, 13.4, 16],
    );
    assert.deepEqual([counts.sharedPartner, counts.withoutPartner], [3, 0]);
  });

  it('are held back by time, of each recording, without windows that reach over the edge', () => {
    const micros = Array.from({ length: 20 }, (_, index) => index * 100);
    const sessions = [0, 1].map((recording) => session(pictures(micros), pictures(micros), recording));
    const { pairs } = pairSessions(sessions, RULES);
    const { learnt, heldBack } = splitByTime(pairs, { share: 0.1, sessions, windowMicros: 250 });
    assert.deepEqual(heldBack, [18, 19, 38, 39]);
    assert.deepEqual(learnt, [...Array(16).keys(), ...[...Array(16).keys()].map((index) => 20 + index)]);
  });
});
