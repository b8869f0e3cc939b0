import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Millis } from '../../../runtime/clock';
import { FramePool } from '../../../runtime/frames';
import type { Flag, MotionReading } from '../../../runtime/reading';
import type { WindowDrop } from '../../../runtime/window/window';
import { windowsFor } from '../../../runtime/window/windowsFor';
import { ManualClock } from '../../support/manualClock';
import { refused } from '../../support/refused';

const RATE = 200;
const INTERVAL = 1e6 / RATE;
const EPOCH = 1_700_000_000_000_000;
const SPEC = { kind: 'series', channels: 6, rateHz: 400, windowSeconds: 5, samples: 2000 } as const;

interface Seen {
  readonly times: readonly number[];
  readonly axes: readonly (readonly number[])[];
  readonly flags: readonly Flag[];
  readonly startMicros: number;
  readonly monotonic: readonly [number, number];
}

/** Windows every second. */
function windowing(options: { readonly window?: number; readonly preset?: string; readonly frames?: number } = {}) {
  const seen: Seen[] = [];
  const dropped: Partial<Record<WindowDrop, number>> = {};
  let gaps = 0;
  const pool = new FramePool({ frames: options.frames ?? 4, bytes: 2 ** 24 });
  const windows = windowsFor(
    {
      source: 'imu0',
      modality: 'imu',
      spec: SPEC,
      ...(options.preset === undefined ? {} : { preset: options.preset }),
      size: {
        hop: 1000 as Millis,
        ...(options.window === undefined ? {} : { window: options.window as Millis }),
      },
      channel: 0,
      pool,
      clock: new ManualClock(),
    },
    {
      window: ({ input, frame, flags, startMicros, monotonicStartMicros, monotonicEndMicros }) => {
        assert.ok(input.kind === 'motion' && 'timesMicros' in input.timing);
        seen.push({
          times: [...input.timing.timesMicros],
          axes: input.axes.map((axis) => [...axis]),
          flags,
          startMicros,
          monotonic: [monotonicStartMicros, monotonicEndMicros],
        });
        frame.release();
      },
      dropped: (reason, amount = 1) => {
        dropped[reason] = (dropped[reason] ?? 0) + amount;
      },
      gap: () => {
        gaps++;
      },
    },
  );
  return { windows, seen, dropped, pool, gaps: () => gaps };
}

/** A block whose sample at t µs has the value t / 1e6 on the first axis. */
function block(
  times: readonly number[],
  options: { readonly flags?: readonly Flag[]; readonly gyroscope?: boolean; readonly wallJump?: number } = {},
): MotionReading {
  const axis = (offset: number) => Float32Array.from(times, (time) => time / 1e6 + offset);
  return {
    source: 'imu0',
    modality: 'imu',
    timeMicros: EPOCH + (times[0] ?? 0) + (options.wallJump ?? 0),
    monotonicMicros: times[0] ?? 0,
    clockQuality: 'arrival',
    flags: options.flags ?? [],
    sampleMicros: Float64Array.from(times),
    acceleration: [axis(0), axis(10), axis(20)],
    ...(options.gyroscope === false ? {} : { angularVelocity: [axis(30), axis(40), axis(50)] }),
  };
}

const times = (fromSecond: number, toSecond: number): number[] =>
  Array.from({ length: Math.round((toSecond - fromSecond) * RATE) }, (_, index) => fromSecond * 1e6 + index * INTERVAL);

/** Blocks of a twentieth of a second. */
function* blocks(fromSecond: number, toSecond: number): Generator<MotionReading> {
  const all = times(fromSecond, toSecond);
  for (let at = 0; at < all.length; at += 10) yield block(all.slice(at, at + 10));
}

describe('windows of motion', () => {
  it('are as long as the encoder looks, a second apart, and hold the very samples', () => {
    const { windows, seen, dropped, gaps } = windowing();
    for (const reading of blocks(0, 8.05)) windows.append(reading);
    assert.deepEqual(
      seen.map(({ monotonic, startMicros, flags }) => [...monotonic, startMicros - EPOCH, flags.join()]),
      [0, 1, 2, 3].map((second) => [second * 1e6, (second + 5) * 1e6, second * 1e6, '']),
    );
    for (const [index, { times: found, axes }] of seen.entries()) {
      assert.deepEqual(found, times(index, index + 5));
      for (const [axis, values] of axes.entries()) {
        assert.deepEqual(values, [...Float32Array.from(found, (time) => time / 1e6 + 10 * axis)]);
      }
    }
    assert.deepEqual([dropped, gaps()], [{}, 0]);
  });

  it('do not depend on how the samples are cut into blocks, nor on their jitter', () => {
    const cut = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 12 });
    const jitter = fc.array(fc.integer({ min: -2000, max: 2000 }), { minLength: 7, maxLength: 50 });
    fc.assert(
      fc.property(cut, jitter, (lengths, shifts) => {
        const all = times(0, 8.1).map((time, index) => time + (index === 0 ? 0 : (shifts[index % shifts.length] ?? 0)));
        const { windows, seen, dropped } = windowing();
        for (let at = 0, index = 0; at < all.length; index++) {
          const count = lengths[index % lengths.length] ?? 1;
          windows.append(block(all.slice(at, at + count)));
          at += count;
        }
        // A long block completes several windows at once: the newest of them is handed over.
        assert.equal(seen.length + (dropped.superseded ?? 0), 4);
        for (const { times: found, monotonic } of seen) {
          assert.deepEqual(
            found,
            all.filter((time) => time >= monotonic[0] && time < monotonic[1]),
          );
        }
      }),
      { numRuns: 60 },
    );
  });

  it('last twice as long for a preset of half the rate', () => {
    const { windows, seen } = windowing({ preset: 'imu-10s-200hz' });
    for (const reading of blocks(0, 11.05)) windows.append(reading);
    assert.deepEqual(
      seen.map(({ monotonic }) => monotonic),
      [
        [0, 10e6],
        [1e6, 11e6],
      ],
    );
    assert.throws(() => windowing({ window: 5001 }), refused('CONFIG_INVALID', /at most 5s .* found 5.001s/));
  });

  it('count samples that come after newer ones, and leave them out', () => {
    const { windows, seen, dropped } = windowing();
    const all = [...blocks(0, 5.1)];
    for (const [index, reading] of all.entries()) {
      windows.append(reading);
      if (index === 50) windows.append(all[30] as MotionReading);
    }
    assert.deepEqual(dropped, { late: 10 });
    assert.deepEqual(seen[0]?.times, times(0, 5));
  });

  it('go on over a short break, start anew after a long one, and tell of both', () => {
    const { windows, seen, gaps } = windowing();
    for (const reading of [...blocks(0, 3), ...blocks(3.5, 6.1), ...blocks(8, 13.1)]) windows.append(reading);
    assert.deepEqual(
      seen.map(({ monotonic, flags }) => [...monotonic, flags.join()]),
      [
        [0, 5e6, ''],
        [1e6, 6e6, ''],
        [8e6, 13e6, 'gap'],
      ],
    );
    assert.equal(gaps(), 2);
  });

  it('start anew after an interruption, and hand over what is left at the end', () => {
    const { windows, seen, gaps } = windowing();
    for (const reading of blocks(0, 3)) windows.append(reading);
    windows.interrupt();
    for (const reading of blocks(3, 5)) windows.append(reading);
    windows.finish();
    windows.finish();
    assert.deepEqual(
      seen.map(({ times: found, flags }) => [found.length, flags.join()]),
      [[2 * RATE, 'gap,partial-window']],
    );
    assert.equal(gaps(), 1);
  });

  it('keep the flags of readings while these are within', () => {
    const { windows, seen } = windowing();
    for (const [index, reading] of [...blocks(0, 7.1)].entries()) {
      windows.append(index === 10 ? { ...reading, flags: ['clipped'] } : reading);
    }
    assert.deepEqual(
      seen.map(({ flags }) => flags.join()),
      ['clipped', '', ''],
    );
  });

  it('say that a sensor has no gyroscope', () => {
    const { windows, seen } = windowing();
    for (const reading of blocks(0, 5.1)) windows.append(block([...reading.sampleMicros], { gyroscope: false }));
    const [first] = seen;
    assert.deepEqual(first?.flags, ['axes-missing']);
    assert.ok(first.axes[3]?.every((value) => value === 0) && first.axes[2]?.[0] === 20);
  });

  it('keep their length when the wall clock jumps', () => {
    const { windows, seen } = windowing();
    for (const [index, reading] of [...blocks(0, 7.1)].entries()) {
      windows.append(block([...reading.sampleMicros], { wallJump: index > 110 ? -3_600_000_000 : 0 }));
    }
    assert.deepEqual(
      seen.map(({ monotonic }) => monotonic[1] - monotonic[0]),
      [5e6, 5e6, 5e6],
    );
  });

  it('overwrite a sensor that is faster than any should be, and count it', () => {
    const { windows, seen, dropped } = windowing();
    const perBlock = 1000;
    for (let at = 0; at < 6e6; at += perBlock * 20) {
      windows.append(block(Array.from({ length: perBlock }, (_, index) => at + index * 20)));
    }
    assert.deepEqual([seen.length, dropped], [0, { overwritten: 1 }]);
  });

  it('drop and count windows when memory is full, and refuse sound', () => {
    const { windows, seen, dropped, pool } = windowing({ frames: 1 });
    const held = pool.acquire(1);
    for (const reading of blocks(0, 5.1)) windows.append(reading);
    assert.deepEqual([seen.length, dropped], [0, { memory: 1 }]);
    held?.release();
    const sound = {
      ...block([0]),
      modality: 'audio',
      sampleRateHz: 16_000,
      channels: [new Float32Array(1)],
    } as const;
    assert.throws(() => windows.append(sound), refused('INPUT_UNSUPPORTED', /expected motion/));
  });
});
