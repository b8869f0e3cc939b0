import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PcmStream } from '../../../devices/audio/pcmStream';
import { Z16Decoder } from '../../../devices/depth/realsense';
import { Rays } from '../../../devices/simulated/camera';
import { drawPlace } from '../../../devices/simulated/drawScene';
import { rooms } from '../../../devices/simulated/rooms';
import { encodePcm16 } from '../../../devices/simulated/wire/pcm';
import { encodeRgbRows, encodeTLinear, encodeZ16 } from '../../../devices/simulated/wire/pictures';
import { LeptonDecoder } from '../../../devices/thermal/lepton';
import { copyRows, rowLayout } from '../../../devices/vision/rows';
import { FramePool } from '../../../runtime/frames';
import type { Reading } from '../../../runtime/reading';

const TIME = { timeMicros: 0, monotonicMicros: 0, clockQuality: 'arrival', flags: [] } as const;

/** What the decoder of a driver makes of bytes. */
function decoded(
  decode: (sink: { reading(reading: Reading): void; lost(reason: string, amount: number): void }) => void,
): Reading {
  let found: Reading | undefined;
  decode({
    reading: (reading) => {
      found = 'values' in reading ? { ...reading, values: reading.values.slice() } : reading;
      if (found.modality === 'depth') found = { ...found, metres: found.metres.slice() };
    },
    lost: (reason) => assert.fail(reason),
  });
  assert.ok(found);
  return found;
}

describe('what simulated devices put on the wire', () => {
  const memory = new FramePool({ frames: 4, bytes: 2 ** 20 });

  it('is sound as drivers read it: to half a step, cut at full scale', () => {
    const channels = [Float32Array.of(0, 0.5, -0.25, 1.5, -1.5), Float32Array.of(0.1, 0, 0, 0, 0)];
    const times = { timeOf: () => ({ timeMicros: 0, monotonicMicros: 0 }), restart: () => undefined };
    const reading = decoded((sink) =>
      new PcmStream(
        { source: 'mic0', clockQuality: 'arrival', sampleRateHz: 16_000, channels: 2 },
        { sink, times },
      ).append(encodePcm16({ channels })),
    );
    assert.ok(reading.modality === 'audio');
    assert.deepEqual([...reading.channels[0]!], [0, 0.5, -0.25, 1 - 2 ** -15, -1]);
    assert.ok(Math.abs(reading.channels[1]![0]! - 0.1) <= 2 ** -16);
  });

  it('is depth in millimetres and 0 for nothing, cut at 65.535 m', () => {
    const metres = Float32Array.of(0, 1.2344, 0.5, 70);
    const reading = decoded((sink) =>
      new Z16Decoder({ source: 'depth0', memory, width: 2, height: 2 }).decode(encodeZ16({ metres }), TIME, sink),
    );
    assert.ok(reading.modality === 'depth');
    for (const [index, expected] of [0, 1.234, 0.5, 65.535].entries())
      assert.ok(Math.abs(reading.metres[index]! - expected) < 1e-5);
  });

  it('is temperature in hundredths of a kelvin', () => {
    const values = Float32Array.of(273.15, 300.004, 655.35, 0);
    const reading = decoded((sink) =>
      new LeptonDecoder({ source: 'heat0', memory, width: 2, height: 2, telemetry: false, unit: 'cK' }).decode(
        encodeTLinear({ values }),
        TIME,
        sink,
      ),
    );
    assert.ok(reading.modality === 'thermal');
    for (const [index, expected] of [273.15, 300, 655.35, 0].entries())
      assert.ok(Math.abs(reading.values[index]! - expected) < 1e-3);
  });

  it('is colour in rows that are padded to four bytes', () => {
    const size = { width: 3, height: 2 };
    const rgb = Uint8Array.from({ length: 18 }, (_, index) => index + 1);
    const bytes = encodeRgbRows({ rgb, ...size });
    assert.equal(bytes.length, 24);
    const back = new Uint8Array(18);
    copyRows(rowLayout(size), { bytes, position: 0 }, back);
    assert.deepEqual(back, rgb);
  });
});

describe('the camera of the simulated world', () => {
  it('shows the same in the square in the middle, whatever the shape of the picture', () => {
    const { camera } = drawPlace(3, rooms[0]);
    const square = raysOf(64, 64);
    const wide = raysOf(96, 64);
    const tall = raysOf(64, 96);
    for (let row = 0; row < 64; row++) {
      for (let column = 0; column < 64; column++) {
        const at = row * 64 + column;
        for (const axis of ['x', 'y', 'z'] as const) {
          assert.equal(wide[axis][row * 96 + 16 + column], square[axis][at]);
          assert.equal(tall[axis][(row + 16) * 64 + column], square[axis][at]);
        }
      }
    }

    function raysOf(width: number, height: number): Rays {
      const rays = new Rays(camera, { width, height });
      rays.make({ from: 0, to: height });
      return rays;
    }
  });
});
