import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readThermalRaw, thermalOf } from '../../../devices/thermal/raw';
import { SensebindError } from '../../../runtime/errors';
import { refused } from '../../support/refused';

/** 25, 37, 100 °C and 25 °C again in hundredths of a kelvin: FLIR Lepton Engineering Datasheet, TLinear. */
const LEPTON = Buffer.from('77742779C3917774', 'hex');
const SIZE = { width: 2, height: 2 };

describe('radiometric frames', () => {
  it('gives kelvin of a Lepton frame', () => {
    const { kelvin } = readThermalRaw(LEPTON, { ...SIZE, unit: 'cK' });
    assert.deepEqual(kelvin, Float32Array.of(298.15, 310.15, 373.15, 298.15));
  });

  it('gives kelvin of a P2 Pro frame in 1/64 K', () => {
    const { kelvin } = readThermalRaw(Buffer.from('8A4A8D4D', 'hex'), { width: 2, height: 1, unit: 'K/64' });
    assert.ok(Math.abs((kelvin[0] ?? 0) - 298.156) < 1e-3);
  });

  it('leaves out the telemetry rows after the picture', () => {
    const frame = Buffer.concat([LEPTON, Buffer.alloc(8, 0xff)]);
    assert.equal(readThermalRaw(frame, { ...SIZE, unit: 'cK' }).kelvin.length, 4);
  });

  it('gives the same of a picture of whole steps', () => {
    const { kelvin } = thermalOf({ values: Uint16Array.of(29_815, 31_015, 37_315, 29_815), ...SIZE }, { unit: 'cK' });
    assert.deepEqual(kelvin, Float32Array.of(298.15, 310.15, 373.15, 298.15));
  });

  it('refuses plain counts, another size and an absurd one', () => {
    const counts = Buffer.from('401F401F401F401F', 'hex');
    assert.throws(() => readThermalRaw(counts, { ...SIZE, unit: 'cK' }), refused('INPUT_INVALID', /median of 80/));
    assert.throws(
      () => readThermalRaw(LEPTON, { width: 3, height: 2, unit: 'cK' }),
      refused('INPUT_INVALID', /12 bytes for 3x2 .* found 8/),
    );
    assert.throws(
      () => readThermalRaw(LEPTON, { width: 1e6, height: 1e6, unit: 'cK' }),
      refused('INPUT_TOO_LARGE', /1000000x1000000/),
    );
  });

  it('gives width × height values or a typed error for any bytes and any size', () => {
    const side = fc.integer({ min: -2, max: 20 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), side, side, (bytes, width, height) => {
        try {
          assert.equal(readThermalRaw(bytes, { width, height, unit: 'cK' }).kelvin.length, width * height);
        } catch (error) {
          assert.ok(error instanceof SensebindError, String(error));
        }
      }),
      { numRuns: 500 },
    );
  });
});
