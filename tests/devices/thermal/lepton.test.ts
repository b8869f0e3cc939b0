import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LAYOUTS, LeptonDecoder, type LeptonOptions } from '../../../devices/thermal/lepton';
import { FramePool } from '../../../runtime/frames';
import { collectingSink } from '../../support/sinks';

const TIME = { timeMicros: 0, monotonicMicros: 0, clockQuality: 'device', flags: [] } as const;

function decode(pictures: readonly Uint16Array[], options: Partial<LeptonOptions> = {}) {
  const memory = new FramePool({ frames: 8, bytes: 2 ** 24 });
  const decoder = new LeptonDecoder({
    source: 'thermal0',
    ...LAYOUTS.lepton3,
    telemetry: false,
    unit: 'auto',
    memory,
    ...options,
  });
  const sink = collectingSink();
  for (const picture of pictures) {
    decoder.decode(new Uint8Array(picture.buffer), TIME, sink);
  }
  const readings = sink.readings.map((reading) => {
    assert.ok(reading.modality === 'thermal');
    return reading;
  });
  return { readings, losses: sink.losses };
}

function picture(value: number, rows = 120): Uint16Array {
  return new Uint16Array(160 * rows).fill(value);
}

/** A picture with the telemetry rows that the datasheet describes: low word of 32 bits first. */
function withTelemetry(
  value: number,
  { frame, correction = 0, enabled = 1, resolution = 1 }: Record<string, number> & { frame: number },
): Uint16Array {
  const words = picture(value, 122);
  const rowA = words.subarray(160 * 120);
  rowA.fill(0);
  rowA[3] = correction << 4;
  rowA[20] = frame & 0xffff;
  rowA[21] = frame >>> 16;
  rowA[160 + 48] = enabled;
  rowA[160 + 49] = resolution;
  return words;
}

describe('a Lepton', () => {
  // Built from the formula of reference/devices.md §3.1: [W] 25.00 °C = 77 74, 37 °C = 27 79, 100 °C = C3 91.
  for (const { bytes, celsius } of [
    { bytes: [0x77, 0x74], celsius: 25 },
    { bytes: [0x27, 0x79], celsius: 37 },
    { bytes: [0xc3, 0x91], celsius: 100 },
  ]) {
    it(`gives ${celsius} °C (built from a formula)`, () => {
      const value = Buffer.from(bytes).readUInt16LE();
      const { readings } = decode([picture(value)], { unit: 'cK' });
      const [reading] = readings;
      assert.ok(reading);
      assert.deepEqual([reading.unit, reading.width, reading.height, reading.values.length], ['K', 160, 120, 19_200]);
      assert.ok(reading.values.every((kelvin) => Math.abs(kelvin - 273.15 - celsius) < 0.001));
    });
  }

  it('takes the unit that the first pictures agree on, and keeps it', () => {
    const { readings, losses } = decode([8192, 29_815, 29_815, 29_815, 3000].map((value) => picture(value)));
    assert.deepEqual(
      readings.map(({ unit, values }) => [unit, Math.round(values[0] ?? 0)]),
      [
        ['K', 298],
        ['K', 30],
      ],
    );
    assert.deepEqual(losses, { invalid: 3 });
    const thrice = (value: number) => decode([picture(value), picture(value), picture(value)]).readings[0];
    assert.equal(thrice(2981)?.values[0], Math.fround(298.1));
    const counts = thrice(8192);
    assert.deepEqual([counts?.unit, counts?.values[0]], ['counts', 8192]);
  });

  it('believes telemetry more than values', () => {
    const units = [
      decode([withTelemetry(29_815, { frame: 1 })], { telemetry: true }),
      decode([withTelemetry(2981, { frame: 1, resolution: 0 })], { telemetry: true }),
      decode([withTelemetry(29_815, { frame: 1, enabled: 0 })], { telemetry: true }),
    ].map(({ readings }) => [readings[0]?.unit, Math.round(readings[0]?.values[0] ?? 0)]);
    assert.deepEqual(units, [
      ['K', 298],
      ['K', 298],
      ['counts', 29_815],
    ]);
  });

  it('has its telemetry in three rows below a picture of 80 x 60', () => {
    const small = (resolution: number, frame: number): Uint16Array => {
      const words = new Uint16Array(80 * 63).fill(29_815, 0, 80 * 60);
      // Rows 60, 61 and 62 are A, B and C.
      words[80 * 60 + 20] = frame;
      words[80 * 62 + 48] = 1;
      words[80 * 62 + 49] = resolution;
      return words;
    };
    const { readings, losses } = decode([small(1, 7), small(0, 8), small(0, 8)], {
      ...LAYOUTS.lepton2,
      telemetry: true,
    });
    assert.deepEqual(
      readings.map(({ width, height, unit, values }) => [
        width,
        height,
        unit,
        values.length,
        Math.round(values[0] ?? 0),
      ]),
      [
        [80, 60, 'K', 4800, 298],
        [80, 60, 'K', 4800, 2982],
      ],
    );
    assert.deepEqual(losses, { duplicate: 1 });
  });

  it('leaves out pictures that were sent twice, and those of its shutter', () => {
    const { readings, losses } = decode(
      [
        withTelemetry(29_815, { frame: 70_000 }),
        withTelemetry(29_815, { frame: 70_000 }),
        withTelemetry(29_815, { frame: 70_003, correction: 2 }),
        withTelemetry(29_815, { frame: 70_006 }),
      ],
      { telemetry: true },
    );
    assert.equal(readings.length, 2);
    assert.deepEqual(losses, { duplicate: 1, invalid: 1 });
  });

  it('counts what there is no memory for', () => {
    const { losses } = decode([picture(29_815)], { unit: 'cK', memory: new FramePool({ frames: 0, bytes: 0 }) });
    assert.deepEqual(losses, { memory: 1 });
  });
});
