import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { colourBlocks } from '../../../../runtime/cli/devices/colourBlocks';
import { Scene } from '../../../../runtime/cli/devices/scene';
import { SourceMeter } from '../../../../runtime/cli/devices/sourceMeter';
import { sparkline } from '../../../../runtime/cli/devices/sparkline';
import { depthColour, thermalColour } from '../../../../runtime/falseColours';
import { FramePool } from '../../../../runtime/frames';
import type { AudioReading } from '../../../../runtime/reading';
import { ManualClock } from '../../../support/manualClock';

const BASE = { source: 'x', timeMicros: 0, monotonicMicros: 0, clockQuality: 'device', flags: [] } as const;

function sound(samples: Float32Array): AudioReading {
  return { ...BASE, modality: 'audio', sampleRateHz: 16_000, channels: [samples] };
}

describe('what is shown of a source', () => {
  it('has the rates of the last seconds, and what was lost', async () => {
    const clock = new ManualClock();
    const meter = new SourceMeter(clock);
    meter.status({ state: 'online' });
    for (let block = 0; block < 100; block++) {
      meter.reading(sound(new Float32Array(800)));
      await clock.advance(50);
    }
    meter.lost('corrupt-bytes', 3);
    meter.lost('corrupt-bytes', 4);
    meter.reading({ ...sound(new Float32Array(800)), flags: ['gap'] });
    const { readingsPerSecond, samplesPerSecond, readings, gaps, lost, state } = meter.snapshot();
    assert.deepEqual([readings, gaps, state], [101, 1, 'online']);
    assert.deepEqual(lost, { 'corrupt-bytes': 7 });
    assert.ok(Math.abs(readingsPerSecond - 20) < 0.5 && Math.abs((samplesPerSecond ?? 0) - 16_000) < 400);
    assert.match(meter.line(), /online .*101 in all .*1 gaps .*lost: 7 corrupt-bytes/);
  });

  it('falls to a rate of nothing when nothing comes any more', async () => {
    const clock = new ManualClock();
    const meter = new SourceMeter(clock);
    meter.reading(sound(new Float32Array(800)));
    meter.reading(sound(new Float32Array(800)));
    await clock.advance(10_000);
    assert.equal(meter.snapshot().readingsPerSecond, 0);
  });

  it('puts two pixels into one character, in their colours', () => {
    const colours = [
      [255, 0, 0],
      [0, 255, 0],
    ] as const;
    const [line, ...others] = colourBlocks({ width: 1, height: 2, at: (index) => colours[index] ?? [9, 9, 9] }, 80);
    assert.equal(line, '\u001b[38;2;255;0;0m\u001b[48;2;0;255;0m▀');
    assert.deepEqual(others, []);
  });

  it('fits the terminal, however large the picture', () => {
    const lines = colourBlocks({ width: 640, height: 480, at: () => [1, 2, 3] }, 40);
    assert.equal(lines.length, 15);
    assert.equal([...(lines[0] ?? '').matchAll(/▀/g)].length, 40);
  });

  it('is brighter where it is hotter, and black where depth is missing', () => {
    const brightness = (share: number): number => thermalColour(share).reduce((sum, value) => sum + value, 0);
    assert.ok(brightness(0) < brightness(0.5) && brightness(0.5) < brightness(1));
    assert.deepEqual(thermalColour(Number.NaN), thermalColour(0));
    assert.deepEqual(depthColour(0, { least: 1, most: 2 }), [0, 0, 0]);
  });

  it('draws bars between the least and the greatest value', () => {
    assert.equal(sparkline([0, 1, 2, 3, 4, 5, 6, 7], { width: 8 }), '▁▂▃▄▅▆▇█');
    assert.equal(sparkline([5, 5, 5], { width: 8 }), '▁▁▁');
    assert.equal(sparkline([1, 2, 3, 4], { width: 2, range: [1, 4] }), '▆█');
  });

  it('shows a tone as the highest bar of its spectrum', () => {
    const scene = new Scene();
    scene.show(sound(Float32Array.from({ length: 1024 }, (_, n) => Math.sin((2 * Math.PI * 2000 * n) / 16_000))));
    const [level, bars = ''] = scene.lines(80);
    assert.equal(level, 'level -3.0 dBFS');
    // 40 bars from 60 Hz to 8 kHz: 2 kHz is at log(2000 / 60) / log(8000 / 60) of them.
    const expected = Math.floor((40 * Math.log(2000 / 60)) / Math.log(8000 / 60));
    assert.ok(Math.abs([...bars].indexOf('█') - expected) <= 1, bars);
  });

  it('keeps no picture of a camera beyond the call', () => {
    const pool = new FramePool({ frames: 1, bytes: 2 ** 20 });
    const frame = pool.acquire(4 * 4 * 4);
    assert.ok(frame);
    const values = new Float32Array(frame.buffer, 0, 16).fill(300);
    const scene = new Scene();
    scene.show({ ...BASE, modality: 'thermal', unit: 'K', width: 4, height: 4, values, frame });
    const before = scene.lines(80);
    values.fill(0);
    frame.release();
    assert.deepEqual(scene.lines(80), before);
    assert.match(before[0] ?? '', /4 × 4, 26\.\d °C/);
    assert.equal(pool.stats().inUse, 0);
  });
});
