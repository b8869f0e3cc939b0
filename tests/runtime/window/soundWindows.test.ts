import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Millis } from '../../../runtime/clock';
import { FramePool } from '../../../runtime/frames';
import type { AudioReading, Flag } from '../../../runtime/reading';
import type { Window, WindowDrop } from '../../../runtime/window/window';
import { windowsFor } from '../../../runtime/window/windowsFor';
import { ManualClock } from '../../support/manualClock';
import { refused } from '../../support/refused';

const RATE = 16_000;
const SPEC = { kind: 'sound', sampleRateHz: RATE, clipSeconds: 2, clips: 3, melBins: 128, columns: 204 } as const;
const EPOCH = 1_700_000_000_000_000;

interface Seen {
  readonly firstSample: number;
  readonly stream: string;
  readonly samples: readonly number[];
  readonly flags: readonly Flag[];
  readonly startMicros: number;
  readonly endMicros: number;
}

/** Windows of 2 s every second, of sound whose sample n has the value n. */
function windowing(options: { readonly frames?: number; readonly keep?: boolean; readonly channel?: number } = {}) {
  const pool = new FramePool({ frames: options.frames ?? 8, bytes: 2 ** 24 });
  const seen: Seen[] = [];
  const dropped: WindowDrop[] = [];
  let gaps = 0;
  const windows = windowsFor(
    {
      source: 'mic0',
      modality: 'audio',
      spec: SPEC,
      size: { window: 2000 as Millis, hop: 1000 as Millis },
      channel: options.channel ?? 0,
      pool,
      clock: new ManualClock(),
    },
    {
      window: (window: Window) => {
        assert.ok(window.input.kind === 'soundStream');
        const { firstSample, stream, samples } = window.input;
        assert.ok(samples.buffer instanceof SharedArrayBuffer);
        const { flags, startMicros, endMicros } = window;
        seen.push({ firstSample, stream, samples: [...samples], flags, startMicros, endMicros });
        if (!options.keep) window.frame.release();
      },
      dropped: (reason) => dropped.push(reason),
      gap: () => {
        gaps++;
      },
    },
  );
  return { windows, seen, dropped, pool, gaps: () => gaps };
}

/** A piece of sound that began `atMicros` after the start, with sample values from `from` on. */
function piece(
  atMicros: number,
  values: readonly number[],
  options: { readonly flags?: readonly Flag[]; readonly rate?: number; readonly wallJump?: number } = {},
): AudioReading {
  return {
    source: 'mic0',
    modality: 'audio',
    timeMicros: EPOCH + atMicros + (options.wallJump ?? 0),
    monotonicMicros: atMicros,
    clockQuality: 'arrival',
    flags: options.flags ?? [],
    sampleRateHz: options.rate ?? RATE,
    channels: [Float32Array.from(values)],
  };
}

/** Small enough that resampling tests do not clip, and different for every sample. */
const ramp = (from: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => (from + index) / 1e6);

/** The filter before a window waits for this much more sound: its reach to one side. */
const AFTER = 0.1;

/** Seconds of contiguous sound in pieces of a tenth. */
function* seconds(from: number, to: number): Generator<AudioReading> {
  for (let tenth = Math.round(from * 10); tenth < Math.round(to * 10); tenth++) {
    yield piece(tenth * 100_000, ramp((tenth * RATE) / 10, RATE / 10));
  }
}

describe('windows of sound', () => {
  it('are 2 s long, a second apart, and hold the very samples', () => {
    const { windows, seen, dropped, gaps } = windowing();
    for (const reading of seconds(0, 5 + AFTER)) windows.append(reading);
    assert.deepEqual(
      seen.map(({ firstSample, startMicros, endMicros, flags }) => ({ firstSample, startMicros, endMicros, flags })),
      [0, 1, 2, 3].map((second) => ({
        firstSample: second * RATE,
        startMicros: EPOCH + second * 1e6,
        endMicros: EPOCH + (second + 2) * 1e6,
        flags: [],
      })),
    );
    for (const { firstSample, samples } of seen) {
      assert.deepEqual(samples, [...Float32Array.from(ramp(firstSample, 2 * RATE))]);
    }
    assert.deepEqual({ dropped, gaps: gaps() }, { dropped: [], gaps: 0 });
  });

  it('do not depend on how the sound is cut into readings', () => {
    const whole = windowing();
    for (const reading of seconds(0, 4)) whole.windows.append(reading);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 8000 }), { minLength: 1, maxLength: 20 }), (lengths) => {
        const { windows, seen } = windowing();
        for (let at = 0, index = 0; at < 4 * RATE; index++) {
          const count = Math.min(lengths[index % lengths.length] ?? 1, 4 * RATE - at);
          if (count < 160) return;
          windows.append(piece((at * 1e6) / RATE, ramp(at, count)));
          at += count;
        }
        // Each has a stream of its own name.
        const [stream] = new Set(whole.seen.map((window) => window.stream));
        assert.deepEqual(
          seen.map((window) => ({ ...window, stream })),
          whole.seen,
        );
      }),
      { numRuns: 20 },
    );
  });

  it('are at the rate of the encoder, whatever the source has', () => {
    const { windows, seen } = windowing();
    for (let tenth = 0; tenth < 35; tenth++) {
      windows.append(piece(tenth * 100_000, ramp(tenth * 4800, 4800), { rate: 48_000 }));
    }
    assert.deepEqual(
      seen.map(({ firstSample, samples }) => [firstSample, samples.length]),
      [
        [0, 2 * RATE],
        [RATE, 2 * RATE],
      ],
    );
    const end = (seen[1]?.endMicros ?? 0) - EPOCH;
    assert.ok(Math.abs(end - 3e6) < 100, `${end}`);
  });

  it('flag a short gap, and only while it is within', () => {
    const { windows, seen, gaps } = windowing();
    for (const reading of seconds(0, 2.5)) windows.append(reading);
    const lost = 300_000;
    for (const reading of seconds(2.5, 8 + AFTER)) {
      windows.append({
        ...reading,
        timeMicros: reading.timeMicros + lost,
        monotonicMicros: reading.monotonicMicros + lost,
      });
    }
    assert.deepEqual(
      seen.map(({ flags }) => flags.join()),
      ['', 'gap', 'gap', '', '', '', ''],
    );
    assert.equal(new Set(seen.map(({ stream }) => stream)).size, 1);
    assert.equal((seen[1]?.endMicros ?? 0) - (seen[1]?.startMicros ?? 0), 2e6 + lost);
    assert.equal(seen[4]?.startMicros, EPOCH + 4e6 + lost);
    assert.equal(gaps(), 1);
  });

  it('start a new stream after a long gap, and say so', () => {
    const { windows, seen, gaps } = windowing();
    for (const reading of [...seconds(0, 2.5), ...seconds(10, 13 + AFTER)]) windows.append(reading);
    assert.deepEqual(
      seen.map(({ firstSample, flags, startMicros }) => [firstSample, flags.join(), (startMicros - EPOCH) / 1e6]),
      [
        [0, '', 0],
        [0, 'gap', 10],
        [RATE, '', 11],
      ],
    );
    assert.notEqual(seen[0]?.stream, seen[1]?.stream);
    assert.equal(gaps(), 1);
  });

  it('never share the name of a stream with windows made before', () => {
    const [first, second] = [windowing(), windowing()];
    for (const { windows } of [first, second]) for (const reading of seconds(0, 2.5)) windows.append(reading);
    assert.notEqual(first.seen[0]?.stream, second.seen[0]?.stream);
  });

  it('start a new stream after an interruption', () => {
    const { windows, seen } = windowing();
    for (const reading of seconds(0, 2.5)) windows.append(reading);
    windows.interrupt();
    for (const reading of seconds(2.5, 4.6)) windows.append(reading);
    assert.deepEqual(
      seen.map(({ firstSample, flags }) => [firstSample, flags.join()]),
      [
        [0, ''],
        [0, 'gap'],
      ],
    );
  });

  it('keep the flags of their readings', () => {
    const { windows, seen } = windowing();
    for (const reading of seconds(0, 4 + AFTER)) {
      const flags: Flag[] = reading.monotonicMicros === 1_500_000 ? ['gap', 'overrun'] : [];
      windows.append({ ...reading, flags });
    }
    assert.deepEqual(
      seen.map(({ flags }) => flags.join()),
      ['gap,overrun', 'gap,overrun', ''],
    );
  });

  it('flag sound that ran out of range', () => {
    const { windows, seen } = windowing();
    for (const reading of seconds(0, 4 + AFTER)) {
      const loud = Float32Array.from({ length: RATE / 10 }, (_, index) => (index % 100 < 50 ? 1 : -1));
      windows.append(reading.monotonicMicros === 500_000 ? { ...reading, channels: [loud] } : reading);
    }
    assert.deepEqual(
      seen.map(({ flags }) => flags.join()),
      ['clipped', '', ''],
    );
  });

  it('follow the wall clock when it jumps, at their own length', () => {
    const { windows, seen } = windowing();
    const jump = -86_400e6;
    for (const reading of seconds(0, 5 + AFTER)) {
      windows.append(
        reading.monotonicMicros < 2_500_000 ? reading : { ...reading, timeMicros: reading.timeMicros + jump },
      );
    }
    assert.deepEqual(
      seen.map(({ startMicros, endMicros, flags }) => [startMicros - EPOCH, endMicros - startMicros, flags.length]),
      [
        [0, 2e6, 0],
        [1e6 + jump, 2e6, 0],
        [2e6 + jump, 2e6, 0],
        [3e6 + jump, 2e6, 0],
      ],
    );
  });

  it('supersede each other when much sound comes at once, and are counted', () => {
    const { windows, seen, dropped } = windowing();
    windows.append(piece(0, ramp(0, 2.9 * RATE)));
    windows.append(piece(2_900_000, ramp(2.9 * RATE, 2.9 * RATE)));
    assert.deepEqual(
      seen.map(({ firstSample }) => firstSample / RATE),
      [0, 3],
    );
    assert.deepEqual(dropped, ['superseded', 'superseded']);
  });

  it('are dropped, and counted, when all shared memory is in use', () => {
    const { windows, seen, dropped, pool } = windowing({ frames: 1, keep: true });
    for (const reading of seconds(0, 4 + AFTER)) windows.append(reading);
    assert.deepEqual(
      { windows: seen.length, dropped, refused: pool.stats().refused },
      {
        windows: 1,
        dropped: ['memory', 'memory'],
        refused: 2,
      },
    );
  });

  it('end with what is left: flagged where it is less than a window', () => {
    const short = windowing();
    for (const reading of seconds(0, 1)) short.windows.append(reading);
    short.windows.finish();
    assert.deepEqual(
      short.seen.map(({ samples, flags }) => [samples.length / RATE > 0.999, flags]),
      [[true, ['partial-window']]],
    );
    const long = windowing();
    for (const reading of seconds(0, 2.6)) long.windows.append(reading);
    long.windows.finish();
    assert.deepEqual(
      long.seen.map(({ firstSample, samples, flags }) => [
        Math.round((firstSample / RATE) * 1000),
        samples.length,
        flags.length,
      ]),
      [
        [0, 2 * RATE, 0],
        [600, 2 * RATE, 0],
      ],
    );
    const nothing = windowing();
    nothing.windows.finish();
    assert.equal(nothing.seen.length, 0);
  });

  it('refuse a channel that the source does not have', () => {
    const { windows } = windowing({ channel: 1 });
    assert.throws(() => windows.append(piece(0, ramp(0, 100))), refused('INPUT_INVALID', /channel 1/));
  });

  it('are not made for encoders that take no stream', () => {
    const spec = { kind: 'tokens', length: 77, vocabulary: 49_408 } as const;
    const pool = new FramePool({ frames: 1, bytes: 1 });
    const size = { window: 2000 as Millis, hop: 1000 as Millis };
    const options = { source: 'mic0', modality: 'text', spec, size, channel: 0, pool, clock: new ManualClock() };
    const events = { window: () => {}, dropped: () => {}, gap: () => {} };
    assert.throws(() => windowsFor(options, events), refused('INPUT_UNSUPPORTED', /tokens/));
  });
});
