import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Stretch, StretchBuilder } from '../../../../runtime/learn/bind/stretch';
import type { AudioReading } from '../../../../runtime/reading';

const HEAD = { timeMicros: 0, clockQuality: 'device', flags: [] } as const;
const RATE_HZ = 1000;

/** Each sample of a reading is the millisecond in which the reading began. */
function sound(atMillis: number, samples: number): AudioReading {
  const channels = [new Float32Array(samples).fill(atMillis)];
  const monotonicMicros = 1000 * atMillis;
  return { ...HEAD, source: 'mic0', modality: 'audio', monotonicMicros, sampleRateHz: RATE_HZ, channels };
}

function stretchesOf(readings: readonly AudioReading[]): readonly Stretch[] {
  const builder = new StretchBuilder();
  for (const reading of readings) builder.sound(reading);
  return builder.finish();
}

function cutMillis(stretch: Stretch, from: number, to: number): readonly number[] {
  const input = stretch.cut(1000 * from, 1000 * to);
  assert.ok(input.kind === 'sound');
  return [...(input.channels[0] ?? [])];
}

describe('a stretch of sound', () => {
  it('is cut where the clock of the host says, however far the clock of the card has drifted', () => {
    // The card gives 990 samples while a second passes, and calls that a second: ten seconds late after a thousand.
    const readings = Array.from({ length: 10_000 }, (_, index) => sound(100 * index, 99));
    const [stretch, ...more] = stretchesOf(readings);
    assert.ok(stretch !== undefined && more.length === 0);
    assert.ok(Math.abs(stretch.endMicros - 1000e6) < 2000, `${stretch.endMicros}`);
    const heard = cutMillis(stretch, 988_000, 990_000);
    assert.equal(heard.length, 2 * RATE_HZ);
    assert.equal(heard.at(-1), 989_900);
    assert.ok(Math.abs((heard[0] ?? 0) - 987_950) <= 100, `${heard[0]}`);
  });

  it('goes on over short losses without moving what comes after them', () => {
    const readings = Array.from({ length: 400 }, (_, index) => sound(100 * index, 100));
    const [stretch, ...more] = stretchesOf(readings.filter((_, index) => index % 4 !== 3));
    assert.equal(more.length, 0);
    assert.equal(cutMillis(stretch!, 37_000, 39_000).at(-1), 38_900);
  });

  it('is as long as was asked for at its beginning and at its end', () => {
    const [stretch] = stretchesOf(Array.from({ length: 30 }, (_, index) => sound(100 * index, 100)));
    assert.deepEqual(cutMillis(stretch!, 0, 2000).length, 2000);
    assert.deepEqual(cutMillis(stretch!, 1000, 3000).at(-1), 2900);
  });
});

describe('a stretch of motion', () => {
  const motion = (builder: StretchBuilder, atMillis: number): void => {
    const x = Float32Array.of(atMillis);
    const monotonicMicros = 1000 * atMillis;
    builder.motion({
      ...HEAD,
      source: 'imu0',
      modality: 'imu',
      monotonicMicros,
      sampleMicros: Float64Array.of(monotonicMicros),
      acceleration: [x, x, x],
    });
  };

  it('is one of a slow sensor whose samples come one by one, with jitter', () => {
    const builder = new StretchBuilder();
    for (let sample = 0; sample < 100; sample++) motion(builder, 100 * sample + 20 * (sample % 3));
    assert.equal(builder.finish().length, 1);
  });

  it('ends where samples are missing', () => {
    const builder = new StretchBuilder();
    for (const second of [0, 5])
      for (let sample = 0; sample < 20; sample++) motion(builder, 1000 * second + 100 * sample);
    assert.deepEqual(
      builder.finish().map(({ startMicros, endMicros }) => [startMicros, endMicros]),
      [
        [0, 1.9e6],
        [5e6, 6.9e6],
      ],
    );
  });
});
