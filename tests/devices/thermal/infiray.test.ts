import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InfirayDecoder } from '../../../devices/thermal/infiray';
import { FramePool } from '../../../runtime/frames';
import { collectingSink } from '../../support/sinks';

describe('an InfiRay P2 Pro', () => {
  // Built from the formula of reference/devices.md §3.2: [W] 25 °C = 8A 4A (25.006), 37 °C = 8A 4D.
  it('gives the temperatures of the lower half (built from a formula)', () => {
    const bytes = Buffer.alloc(256 * 384 * 2, 0x80);
    for (let pixel = 0; pixel < 256 * 192; pixel++) {
      bytes.set(pixel === 5 ? [0x8a, 0x4d] : [0x8a, 0x4a], 98_304 + pixel * 2);
    }
    const sink = collectingSink();
    const memory = new FramePool({ frames: 1, bytes: 2 ** 20 });
    const decoder = new InfirayDecoder({ source: 'thermal0', memory });
    decoder.decode(bytes, { timeMicros: 1, monotonicMicros: 2, clockQuality: 'device', flags: ['gap'] }, sink);
    const [reading] = sink.readings;
    assert.ok(reading?.modality === 'thermal');
    assert.deepEqual([reading.width, reading.height, reading.unit, reading.flags], [256, 192, 'K', ['gap']]);
    const celsius = [...reading.values].map((kelvin) => kelvin - 273.15);
    assert.ok(Math.abs((celsius[0] ?? 0) - 25.006) < 0.001);
    assert.ok(Math.abs((celsius[5] ?? 0) - 37.006) < 0.001);
    assert.ok(celsius.every((value) => value > 24.9 && value < 37.1));
  });
});
