import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Millis } from '../../../runtime/clock';
import { FramePool } from '../../../runtime/frames';
import type { EncoderInput } from '../../../runtime/preprocess/input';
import type { DepthReading, Flag, FrameMemory, Reading, ThermalReading, VisionReading } from '../../../runtime/reading';
import type { Window, WindowDrop } from '../../../runtime/window/window';
import { windowsFor } from '../../../runtime/window/windowsFor';
import { ManualClock } from '../../support/manualClock';
import { refused } from '../../support/refused';

const EPOCH = 1_700_000_000_000_000;
const SIZE = { width: 4, height: 2 } as const;

interface Options {
  readonly modality?: string;
  readonly hop?: number;
  readonly frames?: number;
  readonly onWindow?: (window: Window) => void;
}

function windowing({ modality = 'vision', hop = 1000, frames = 4, onWindow }: Options = {}) {
  const seen: { readonly at: number; readonly input: EncoderInput; readonly flags: readonly Flag[] }[] = [];
  const dropped: WindowDrop[] = [];
  let gaps = 0;
  const pool = new FramePool({ frames, bytes: 2 ** 20 });
  const windows = windowsFor(
    {
      source: 'cam0',
      modality,
      spec: { kind: 'picture', channels: modality === 'vision' ? 3 : 1, height: 224, width: 224 },
      size: { hop: hop as Millis },
      channel: 0,
      pool,
      clock: new ManualClock(),
    },
    {
      window: (window) => {
        assert.equal(window.startMicros - EPOCH, window.monotonicStartMicros);
        assert.equal(window.startMicros, window.endMicros);
        seen.push({ at: window.monotonicStartMicros, input: window.input, flags: window.flags });
        onWindow?.(window);
        window.frame.release();
      },
      dropped: (reason) => dropped.push(reason),
      gap: () => {
        gaps++;
      },
    },
  );
  return { windows, seen, dropped, pool, gaps: () => gaps };
}

function base(atMicros: number, memory: FrameMemory, bytes: number, flags: readonly Flag[]) {
  const frame = memory.acquire(bytes);
  assert.ok(frame);
  return {
    source: 'cam0',
    timeMicros: EPOCH + atMicros,
    monotonicMicros: atMicros,
    clockQuality: 'arrival',
    flags,
    ...SIZE,
    frame,
  } as const;
}

function colour(atMicros: number, memory: FrameMemory, flags: readonly Flag[] = []): VisionReading {
  const reading = base(atMicros, memory, 24, flags);
  return { ...reading, modality: 'vision', rgb: new Uint8Array(reading.frame.buffer, 0, 24).fill(atMicros % 251) };
}

/** As drivers do: the frame is released when the sink has returned. */
function show(windows: { append(reading: Reading): void }, reading: Reading): void {
  windows.append(reading);
  if ('frame' in reading) reading.frame.release();
}

describe('windows of pictures', () => {
  it('hold the newest picture, one a hop, however fast the camera is', () => {
    const camera = new FramePool({ frames: 4, bytes: 2 ** 20 });
    const { windows, seen, dropped } = windowing();
    for (let frame = 0; frame < 91; frame++) show(windows, colour(Math.round((frame * 1e6) / 30), camera));
    assert.deepEqual(
      seen.map(({ at }) => at),
      [0, 1e6, 2e6, 3e6],
    );
    assert.deepEqual(dropped, []);
  });

  it('keep to their rate with a camera of any rate and jitter', () => {
    const rates = fc.integer({ min: 2, max: 60 });
    const jitters = fc.array(fc.double({ min: -0.4, max: 0.4, noNaN: true }), { minLength: 5, maxLength: 40 });
    fc.assert(
      fc.property(rates, jitters, (rateHz, jitter) => {
        const camera = new FramePool({ frames: 4, bytes: 2 ** 20 });
        const { windows, seen } = windowing();
        for (let frame = 0; frame <= 20 * rateHz; frame++) {
          const shift = frame === 0 ? 0 : (jitter[frame % jitter.length] ?? 0);
          show(windows, colour(Math.round(((frame + shift) * 1e6) / rateHz), camera));
        }
        assert.ok(Math.abs(seen.length - 21) <= 1, `${seen.length}`);
        for (const [index, { at }] of seen.entries()) {
          assert.ok(Math.abs(at - index * 1e6) <= 1.5e6 / rateHz, `${at} at ${index}`);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('takes every picture of a camera that is slower than the hop', () => {
    const camera = new FramePool({ frames: 4, bytes: 2 ** 20 });
    const { windows, seen } = windowing();
    for (const second of [0, 1.7, 3.1, 9, 10.5]) show(windows, colour(second * 1e6, camera));
    assert.equal(seen.length, 5);
  });

  it('stand on the memory of the driver, which goes back when the window is released', () => {
    const camera = new FramePool({ frames: 4, bytes: 2 ** 20 });
    const { windows, seen } = windowing({ onWindow: ({ frame }) => assert.equal(frame.retain().buffer, frame.buffer) });
    const reading = colour(7, camera);
    show(windows, reading);
    assert.deepEqual(seen[0]?.input, { kind: 'picture', frames: [{ rgb: reading.rgb, ...SIZE }] });
    assert.equal(camera.stats().inUse, 1);
    reading.frame.release();
    assert.equal(camera.stats().inUse, 0);
  });

  it('leave out a picture that comes after a newer one, count gaps, keep flags', () => {
    const camera = new FramePool({ frames: 4, bytes: 2 ** 20 });
    const { windows, seen, dropped, gaps } = windowing();
    show(windows, colour(2e6, camera, ['simulated']));
    show(windows, colour(1e6, camera));
    show(windows, colour(2e6, camera));
    show(windows, colour(3e6, camera, ['gap', 'clipped']));
    windows.interrupt();
    show(windows, colour(5e6, camera));
    windows.finish();
    assert.deepEqual(
      seen.map(({ at, flags }) => [at, flags.join()]),
      [
        [2e6, 'simulated'],
        [3e6, 'clipped,gap'],
        [5e6, ''],
      ],
    );
    assert.deepEqual(dropped, ['late', 'late']);
    assert.equal(gaps(), 2);
  });

  it('hold metres, with the focal length where it is known', () => {
    const camera = new FramePool({ frames: 4, bytes: 2 ** 20 });
    const { windows, seen } = windowing({ modality: 'depth' });
    const reading = (at: number): DepthReading => {
      const head = base(at, camera, 32, []);
      return { ...head, modality: 'depth', metres: new Float32Array(head.frame.buffer, 0, 8).fill(1.5) };
    };
    const near = reading(0);
    show(windows, near);
    show(windows, { ...reading(1e6), baselineFocal: 30 });
    assert.deepEqual(seen[0]?.input, { kind: 'depth', metres: near.metres, ...SIZE });
    assert.ok(seen[1]?.input.kind === 'depth' && seen[1].input.baselineFocal === 30);
  });

  it('hold kelvin as they are, and counts at a scale where none looks like a broken pixel', () => {
    const camera = new FramePool({ frames: 4, bytes: 2 ** 20 });
    const values = [0, 1, 100, 20_000, 30_000, 40_000, 65_535, 0];
    const inputs: number[][] = [];
    const { windows } = windowing({
      modality: 'thermal',
      onWindow: ({ input }) => inputs.push(input.kind === 'thermal' ? [...input.kelvin] : []),
    });
    const reading = (at: number, unit: ThermalReading['unit']): ThermalReading => {
      const head = base(at, camera, 32, []);
      const pixels = new Float32Array(head.frame.buffer, 0, 8);
      pixels.set(values);
      return { ...head, modality: 'thermal', values: pixels, unit };
    };
    show(windows, reading(0, 'K'));
    show(windows, reading(1e6, 'counts'));
    assert.deepEqual(inputs[0], values);
    assert.deepEqual(
      inputs[1],
      values.map((value) => value / 16),
    );
  });

  it('are refused for readings of another modality, and for encoders without readings', () => {
    const camera = new FramePool({ frames: 4, bytes: 2 ** 20 });
    const { windows } = windowing({ modality: 'depth' });
    assert.throws(() => windows.append(colour(0, camera)), refused('INPUT_UNSUPPORTED', /expected pictures of depth/));
    assert.throws(() => windowing({ modality: 'radar' }), refused('INPUT_UNSUPPORTED', /radar from the source "cam0"/));
  });
});
