import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MEASURE_IDS, MEASURES, type MeasureId } from '../../../runtime/events/measures';
import { FramePool } from '../../../runtime/frames';
import type { AudioReading, DepthReading, MotionReading, Reading, ThermalReading } from '../../../runtime/reading';

const HEAD = {
  source: 'x',
  timeMicros: 1_700_000_000_000_000,
  monotonicMicros: 5_000_000,
  clockQuality: 'device',
  flags: [],
} as const;

function picture(values: readonly number[]) {
  const frame = new FramePool({ frames: 1, bytes: 2 ** 20 }).acquire(4 * values.length);
  assert.ok(frame);
  const floats = new Float32Array(frame.buffer, 0, values.length);
  floats.set(values);
  return { floats, frame, width: values.length, height: 1 };
}

function thermal(values: readonly number[], unit: ThermalReading['unit'] = 'K'): ThermalReading {
  const { floats, ...rest } = picture(values);
  return { ...HEAD, ...rest, modality: 'thermal', values: floats, unit };
}

function depth(values: readonly number[]): DepthReading {
  const { floats, ...rest } = picture(values);
  return { ...HEAD, ...rest, modality: 'depth', metres: floats };
}

function sound(channels: readonly (readonly number[])[], rate = 16_000): AudioReading {
  return { ...HEAD, modality: 'audio', sampleRateHz: rate, channels: channels.map((one) => Float32Array.from(one)) };
}

function motion(samples: readonly (readonly [number, number, number])[], fromMicros = 0): MotionReading {
  const axis = (index: 0 | 1 | 2) => Float32Array.from(samples, (sample) => sample[index]);
  return {
    ...HEAD,
    modality: 'imu',
    monotonicMicros: fromMicros,
    sampleMicros: Float64Array.from(samples, (_, index) => fromMicros + index * 5000),
    acceleration: [axis(0), axis(1), axis(2)],
  };
}

const values = (measure: MeasureId, ...readings: readonly Reading[]): number[] => {
  const meter = MEASURES[measure].create();
  return readings.flatMap((reading) => meter.measure(reading).map(({ value }) => value));
};

const sine = (count: number, amplitude: number): number[] =>
  Array.from({ length: count }, (_, index) => amplitude * Math.sin((2 * Math.PI * 1000 * index) / 16_000));

describe('the hottest pixel', () => {
  it('is in degrees Celsius, and no broken one', () => {
    assert.deepEqual(
      values('maximum_celsius', thermal([293.15, 0, 373.15, 9999, Number.NaN])).map(
        (value) => Math.round(value * 100) / 100,
      ),
      [100],
    );
  });
  it('is not known of counts, nor of a picture without any', () => {
    assert.deepEqual(values('maximum_celsius', thermal([8000], 'counts'), thermal([0, Number.NaN])), []);
  });
});

describe('the nearest thing', () => {
  it('is in metres, to a centimetre, and no speck', () => {
    const wall = Array.from({ length: 4000 }, () => 3.207);
    assert.deepEqual(values('nearest_metres', depth(wall)), [3.205]);
    assert.deepEqual(values('nearest_metres', depth([0.5, 0.51, 0.52, ...wall.slice(4)])), [3.205]);
    assert.deepEqual(values('nearest_metres', depth([0.5, 0.501, 0.502, 0.503, 0.504, ...wall.slice(5)])), [0.505]);
  });
  it('is not known where nothing is seen; what is far counts as far', () => {
    assert.deepEqual(values('nearest_metres', depth([0, Number.NaN, -1])), []);
    assert.deepEqual(values('nearest_metres', depth([400])), [49.995]);
    assert.deepEqual(values('nearest_metres', depth([0, 0, 2.001])), [2.005]);
  });
});

describe('the level of sound', () => {
  it('is 0 dB for the loudest sine, 20 dB less for a tenth of it, and bounded for silence', () => {
    const levels = [1, 0.1, 0].map(
      (amplitude) => values('level_decibels', sound([sine(2000, amplitude)]))[0] ?? Number.NaN,
    );
    for (const [index, expected] of [0, -20, -120].entries()) {
      assert.ok(Math.abs((levels[index] ?? 0) - expected) < 0.01, `${levels}`);
    }
  });
  it('is that of the loudest channel', () => {
    const [level] = values('level_decibels', sound([sine(2000, 0.001), sine(2000, 0.1)]));
    assert.ok(Math.abs((level ?? 0) + 20) < 0.01);
  });
  it('comes every eighth of a second at its time, however the sound is cut', () => {
    const all = Array.from({ length: 16_000 }, (_, index) => Math.sin(index ** 1.1) * (index / 16_000));
    const whole = values('level_decibels', sound([all]));
    assert.equal(whole.length, 8);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1 }), (lengths) => {
        const meter = MEASURES.level_decibels.create();
        const found: number[] = [];
        for (let from = 0, index = 0; from < all.length; index++) {
          const count = lengths[index % lengths.length] ?? 1;
          const reading = sound([all.slice(from, from + count)]);
          const offset = (from * 1e6) / 16_000;
          const placed = { ...reading, monotonicMicros: offset, timeMicros: offset };
          for (const { value, at } of meter.measure(placed)) {
            found.push(value);
            assert.ok(Math.abs(at.monotonicMicros - found.length * 125_000) <= 1);
          }
          from += count;
        }
        assert.deepEqual(
          found.map((value) => value.toFixed(6)),
          whole.map((value) => value.toFixed(6)),
        );
      }),
      { numRuns: 50 },
    );
  });
});

describe('acceleration', () => {
  it('is 1 g at rest and the most of a tenth of a second', () => {
    const still = Array.from({ length: 21 }, () => [0, 0, 9.80665] as const);
    const hit = still.map((sample, index) => (index === 7 ? ([3, 4, 0] as const) : sample));
    assert.deepEqual(
      values('acceleration_g', motion(still)).map((value) => value.toFixed(4)),
      ['1.0000'],
    );
    const strong = hit.map(([x, y, z]) => [10 * x, 10 * y, z] as const);
    assert.deepEqual(
      values('acceleration_g', motion(strong)).map((value) => value.toFixed(4)),
      [(50 / 9.80665).toFixed(4)],
    );
  });
  it('goes on over blocks', () => {
    const still = Array.from({ length: 7 }, () => [0, 0, 9.80665] as const);
    assert.equal(values('acceleration_g', motion(still), motion(still, 35_000), motion(still, 70_000)).length, 1);
  });
  it('does not hide what is not a number', () => {
    const broken = Array.from({ length: 21 }, (_, index) => [index === 3 ? Number.NaN : 0, 0, 9.8] as const);
    assert.ok(Number.isNaN(values('acceleration_g', motion(broken))[0]));
  });
});

describe('every measure', () => {
  it('has nothing to say of another modality', () => {
    const readings = [
      thermal([300]),
      depth([1]),
      sound([sine(4000, 1)]),
      motion(
        [
          [0, 0, 9.8],
          [0, 0, 9.8],
        ],
        0,
      ),
    ];
    for (const id of MEASURE_IDS) {
      for (const reading of readings) {
        if (reading.modality !== MEASURES[id].modality) assert.deepEqual(values(id, reading), []);
      }
    }
  });
});
