import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { SeriesSpec } from '../../../models/bundle/manifest';
import { readFloats } from '../../../runtime/cli/verify/npy';
import { type ErrorCode, isSensebindError } from '../../../runtime/errors';
import { imuPresets } from '../../../runtime/preprocess/imu';
import type { EncoderInput, MotionInput } from '../../../runtime/preprocess/input';
import { motionRatio } from '../../../runtime/preprocess/motionRatio';
import type { Prepared } from '../../../runtime/preprocess/preset';
import { golden } from '../../support/paths';

const IMAGEBIND: SeriesSpec = { kind: 'series', channels: 6, rateHz: 400, windowSeconds: 5, samples: 2000 };
const GRAVITY = 9.80665;

interface MotionCase {
  readonly kind: string;
  readonly preset: string;
  readonly input: string;
  readonly output: string;
  readonly sampleRate: number;
}

async function prepare(input: EncoderInput, preset = 'ego4d', spec = IMAGEBIND): Promise<Prepared> {
  const found = imuPresets.find(({ id }) => id === preset);
  assert.ok(found);
  return found.create(spec, {}).prepare(input);
}

/** One array an axis of `axis(seconds, index of the axis)`. */
function axesOf(times: readonly number[], axis: (seconds: number, index: number) => number): Float32Array[] {
  return Array.from({ length: 6 }, (_, index) => Float32Array.from(times, (seconds) => axis(seconds, index)));
}

function swing(seconds: number, axis: number): number {
  return Math.sin(2 * Math.PI * (1 + axis) * seconds) + (axis === 2 ? GRAVITY : 0);
}

function uniform(samples: number, rateHz: number): MotionInput {
  const times = Array.from({ length: samples }, (_, index) => index / rateHz);
  return { kind: 'motion', axes: axesOf(times, swing), timing: { rateHz } };
}

/** Samples of {@link swing} at these times, in microseconds. */
function timed(timesMicros: readonly number[]): MotionInput {
  const axes = axesOf(
    timesMicros.map((micros) => micros / 1e6),
    swing,
  );
  return { kind: 'motion', axes, timing: { timesMicros: Float64Array.from(timesMicros) } };
}

function steps(count: number, micros: number): number[] {
  return Array.from({ length: count }, (_, index) => index * micros);
}

async function refuses(code: ErrorCode, input: EncoderInput): Promise<void> {
  await assert.rejects(
    () => prepare(input),
    (error) => isSensebindError(error, code) && error.cure.length > 0,
  );
}

/** The largest difference from {@link swing}, away from the edges, where the filter sees zeros. */
function largestError({ items }: Prepared, from = 100, to = 1900): number {
  let largest = 0;
  for (let axis = 0; axis < 6; axis++) {
    for (let index = from; index < to; index++) {
      const found = items[0]?.data[axis * 2000 + index] ?? Number.NaN;
      largest = Math.max(largest, Math.abs(found - swing(index / 400, axis)));
    }
  }
  return largest;
}

describe('motion', () => {
  it('is resampled as in tests/golden', async (test) => {
    const { cases }: { cases: MotionCase[] } = JSON.parse(await readFile(golden('golden.json'), 'utf8'));
    const motion = cases.filter(({ kind }) => kind === 'imu');
    assert.ok(motion.length >= 3);
    for (const { input, output, preset, sampleRate } of motion) {
      await test.test(input, async () => {
        const { data, shape } = await readFloats(golden(input));
        const [count = 0, samples = 0] = shape;
        const axes = Array.from({ length: count }, (_, row) => data.subarray(row * samples, (row + 1) * samples));
        const { items, flags } = await prepare({ kind: 'motion', axes, timing: { rateHz: sampleRate } }, preset);
        assert.deepEqual(items[0]?.shape, [1, 6, 2000]);
        assert.deepEqual(flags, []);
        const expected = await readFloats(golden(output));
        for (const [index, value] of expected.data.entries()) {
          const difference = Math.abs((items[0].data[index] ?? Number.NaN) - value);
          assert.ok(difference <= 1e-3, `value ${index}: ${difference}`);
        }
      });
    }
  });

  it('keeps its course at any rate, whole or not', async () => {
    for (const rateHz of [50, 100, 104.17, 199.8, 208.33, 416.7, 562.5, 1000, 1666, 3332.5]) {
      const prepared = await prepare(uniform(Math.round(5 * rateHz), rateHz));
      // A pass band of 6 Hz at 50 Hz leaves ripples of the Hann-windowed sinc.
      assert.ok(largestError(prepared) < 0.05, `${largestError(prepared)} at ${rateHz} Hz`);
      assert.deepEqual(prepared.flags, []);
    }
  });

  it('is cut at the end', async () => {
    const [whole, longer] = [await prepare(uniform(2000, 200)), await prepare(uniform(4000, 200))];
    assert.deepEqual(longer, whole);
  });

  it('is padded with zeros at the end when the window is not full, and flagged', async () => {
    const { items, flags } = await prepare(uniform(600, 200));
    assert.deepEqual(flags, ['partial-window']);
    for (let axis = 0; axis < 6; axis++) {
      const row = items[0]?.data.subarray(axis * 2000, (axis + 1) * 2000);
      assert.deepEqual(row?.subarray(1200), new Float32Array(800));
      assert.notEqual(row?.[1150], 0);
    }
  });

  it('is a full window as long as less than one sample lacks', async () => {
    assert.deepEqual((await prepare(uniform(520, 104.17))).flags, []);
    assert.deepEqual((await prepare(uniform(999, 200))).flags, []);
    assert.deepEqual((await prepare(uniform(998, 200))).flags, ['partial-window']);
  });

  it('may stand on shared memory, and fills private memory that shows nothing of the call before', async () => {
    const { axes, timing } = uniform(1000, 200);
    const shared = axes.map((axis) => {
      const copy = new Float32Array(new SharedArrayBuffer(axis.byteLength));
      copy.set(axis);
      return copy;
    });
    const preprocessor = imuPresets[0]?.create(IMAGEBIND, {});
    await preprocessor?.prepare(uniform(2000, 400));
    const found = await preprocessor?.prepare({ kind: 'motion', axes: shared, timing });
    assert.deepEqual(found, await prepare(uniform(1000, 200)));
    assert.ok(found?.items[0]?.data.buffer instanceof ArrayBuffer);
    assert.deepEqual(
      shared.map((axis) => axis.slice()),
      axes,
    );
  });

  it('follows the spec of the bundle', async () => {
    const spec: SeriesSpec = { kind: 'series', channels: 6, rateHz: 50, windowSeconds: 2, samples: 100 };
    const { items, flags } = await prepare(uniform(200, 100), 'ego4d', spec);
    assert.deepEqual(items[0]?.shape, [1, 6, 100]);
    assert.deepEqual(flags, []);
  });
});

describe('motion with a time for each sample', () => {
  it('is the same as with a rate when the times are regular', async () => {
    const expected = await prepare(uniform(1000, 200));
    assert.deepEqual(await prepare(timed(steps(1000, 5000))), expected);
  });

  it('keeps its course however the times jitter', async () => {
    const jitters = fc.array(fc.integer({ min: -2000, max: 2000 }), { minLength: 1000, maxLength: 1000 });
    await fc.assert(
      fc.asyncProperty(jitters, async (jitter) => {
        const prepared = await prepare(timed(steps(1000, 5000).map((micros, index) => micros + (jitter[index] ?? 0))));
        // The grid begins at the first sample, which jitters too: up to 2 ms of a swing of 2π·6 rad/s.
        assert.ok(largestError(prepared) < 0.15, `${largestError(prepared)}`);
      }),
      { numRuns: 20 },
    );
  });

  it('takes epoch times', async () => {
    const { axes } = uniform(1000, 200);
    const timesMicros = Float64Array.from(steps(1000, 5000), (micros) => 1_790_000_000_000_000 + micros);
    const found = await prepare({ kind: 'motion', axes, timing: { timesMicros } });
    assert.deepEqual(found, await prepare(uniform(1000, 200)));
  });

  it('is bridged over a gap by a straight line, and flagged', async () => {
    const times = steps(1000, 5000).filter((micros) => micros <= 1_000_000 || micros >= 1_030_000);
    const prepared = await prepare(timed(times));
    assert.deepEqual(prepared.flags, ['gap', 'interpolated']);
    assert.ok(largestError(prepared, 500) < 0.01);
    const late = steps(1000, 5000).filter((micros) => micros <= 1_000_000 || micros >= 1_025_000);
    assert.deepEqual((await prepare(timed(late))).flags, [], 'five intervals are late, not lost');
  });

  it('leaves out samples that do not come after the one before, and says so', async () => {
    const times = steps(1000, 5000);
    times[300] = times[299] ?? 0;
    times[600] = (times[598] ?? 0) + 1;
    const prepared = await prepare(timed(times));
    assert.deepEqual(prepared.flags, ['interpolated']);
    assert.ok(largestError(prepared) < 0.01);
  });

  it('is refused when more than one in ten is out of order', async () => {
    const sorted = steps(1000, 5000);
    await refuses('INPUT_INVALID', timed(sorted.toReversed()));
    await refuses('INPUT_INVALID', timed([5_000_000, ...sorted]));
    await refuses('INPUT_INVALID', timed([0, 0]));
  });

  it('is refused when times and samples do not match, or a time is no number', async () => {
    const { axes } = uniform(1000, 200);
    await refuses('INPUT_INVALID', { kind: 'motion', axes, timing: { timesMicros: Float64Array.of(0, 1) } });
    await refuses('INPUT_INVALID', timed([0]));
    const times = steps(1000, 5000);
    times[7] = Number.NaN;
    await refuses('INPUT_NOT_FINITE', timed(times));
  });

  it('is refused when the times are in another unit, also when one of them jumps', async () => {
    await refuses('INPUT_UNSUPPORTED', timed(steps(1000, 5)));
    await refuses('INPUT_UNSUPPORTED', timed([...steps(1000, 1e-300), 1e9]));
  });

  it('does not fill memory when a time jumps by a year', async () => {
    const times = steps(1000, 5000);
    times[999] = 3.15e13;
    const prepared = await prepare(timed(times));
    assert.deepEqual(prepared.flags, ['gap', 'interpolated']);
  });

  it('ends in numbers or in a typed error, whatever the times', async () => {
    const anyTimes = fc.array(fc.oneof(fc.double(), fc.integer({ min: 0, max: 1_000_000 })), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(anyTimes, async (times) => {
        const input = timed(times);
        for (const axis of input.axes) axis.fill(1);
        try {
          const { items } = await prepare(input);
          assert.ok(items[0]?.data.every(Number.isFinite));
        } catch (error) {
          assert.ok(isSensebindError(error), String(error));
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('the other presets', () => {
  it('imu-10s-200hz: ten seconds fill the samples', async () => {
    const full = await prepare(uniform(1000, 100), 'imu-10s-200hz');
    assert.deepEqual(full.flags, []);
    for (let index = 50; index < 1950; index++) {
      assert.ok(Math.abs((full.items[0]?.data[2000 + index] ?? 0) - swing(index / 200, 1)) < 0.01);
    }
    assert.deepEqual((await prepare(uniform(500, 100), 'imu-10s-200hz')).flags, ['partial-window']);
  });

  it('standardised: each sensor has mean 0 and deviation 1, a still one stays at 0', async () => {
    const { items } = await prepare(uniform(2000, 400), 'standardised');
    for (const sensor of [0, 1]) {
      const values = [...(items[0]?.data.subarray(sensor * 6000, (sensor + 1) * 6000) ?? [])];
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
      assert.ok(Math.abs(mean) < 1e-5 && Math.abs(variance - 1) < 1e-4, `${mean} ${variance}`);
    }
    const still = { ...uniform(2000, 400), axes: axesOf(steps(2000, 1), () => 3) };
    const { items: rest } = await prepare(still, 'standardised');
    assert.deepEqual(rest[0]?.data, new Float32Array(12_000));
  });

  it('standardised: the padding stays 0', async () => {
    const { items } = await prepare(uniform(1000, 400), 'standardised');
    assert.deepEqual(items[0]?.data.subarray(1000, 2000), new Float32Array(1000));
  });

  it('are declared with source and confidence, the default first', () => {
    assert.deepEqual(
      imuPresets.map(({ id }) => id),
      ['ego4d', 'imu-10s-200hz', 'standardised'],
    );
    for (const { modality, source, confidence } of imuPresets) {
      assert.equal(modality, 'imu');
      assert.ok(source.length > 0 && confidence !== 'exact');
    }
  });
});

describe('motion that is refused', () => {
  it('with another number of axes than the encoder takes', async () => {
    const { axes, timing } = uniform(1000, 200);
    await refuses('INPUT_INVALID', { kind: 'motion', axes: axes.slice(0, 3), timing });
    await refuses('INPUT_INVALID', { kind: 'motion', axes: [...axes, new Float32Array(1000)], timing });
  });

  it('with axes of several lengths, or without samples', async () => {
    const { axes, timing } = uniform(1000, 200);
    await refuses('INPUT_INVALID', { kind: 'motion', axes: axes.with(4, new Float32Array(999)), timing });
    await refuses('INPUT_INVALID', uniform(0, 200));
  });

  it('with values that are no numbers', async () => {
    const { axes, timing } = uniform(1000, 200);
    axes[5]?.fill(Number.NaN, 500, 501);
    await refuses('INPUT_NOT_FINITE', { kind: 'motion', axes, timing });
  });

  it('at rates that no sensor has', async () => {
    for (const rateHz of [0, -200, 0.9, 32_001, Number.NaN, Number.POSITIVE_INFINITY]) {
      await refuses('INPUT_UNSUPPORTED', { ...uniform(100, 200), timing: { rateHz } });
    }
  });

  it('beyond an hour at 1 kHz', async () => {
    const axis = new Float32Array(3_600_001);
    await refuses('INPUT_TOO_LARGE', { kind: 'motion', axes: new Array(6).fill(axis), timing: { rateHz: 1000 } });
  });

  it('of another kind, or for another encoder', async () => {
    await refuses('INPUT_UNSUPPORTED', { kind: 'text', text: 'walking' });
    assert.throws(
      () => imuPresets[0]?.create({ kind: 'tokens', length: 77, vocabulary: 49_408 }, {}),
      (error) => isSensebindError(error, 'PRESET_UNKNOWN'),
    );
  });
});

describe('the ratio of two motion rates', () => {
  it('is exact for whole rates into 400 Hz', () => {
    for (let rateHz = 1; rateHz <= 32_000; rateHz += rateHz < 2000 ? 1 : 97) {
      const { input, output } = motionRatio(rateHz, 400);
      assert.equal(input * 400, output * rateHz);
    }
  });

  it('is off by at most a twentieth of a sample at the end of a window', () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 32_000, noNaN: true }), (rateHz) => {
        const { input, output } = motionRatio(rateHz, 400);
        const inputSamplesOff = 2000 * Math.abs(input / output - rateHz / 400);
        assert.ok(inputSamplesOff <= 0.05 * Math.max(1, rateHz / 400), `${inputSamplesOff}`);
      }),
      { numRuns: 1000 },
    );
  });
});
