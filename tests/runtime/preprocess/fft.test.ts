import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { RealFft } from '../../../runtime/preprocess/realFft';

/** |Σ signal[t]·exp(−2πikt/size)|² by the definition. */
function naivePower(signal: Float32Array, bin: number): number {
  let real = 0;
  let imaginary = 0;
  for (const [index, value] of signal.entries()) {
    real += value * Math.cos((2 * Math.PI * bin * index) / signal.length);
    imaginary -= value * Math.sin((2 * Math.PI * bin * index) / signal.length);
  }
  return real ** 2 + imaginary ** 2;
}

function powerOf(signal: Float32Array): Float64Array {
  const power = new Float64Array(signal.length / 2 + 1);
  new RealFft(signal.length).powerSpectrum(signal, power);
  return power;
}

describe('power spectrum of real signals', () => {
  it('is that of the definition, for every power of two and any signal', () => {
    const signals = fc
      .integer({ min: 2, max: 10 })
      .chain((exponent) =>
        fc.array(fc.float({ min: -1, max: 1, noNaN: true }), { minLength: 2 ** exponent, maxLength: 2 ** exponent }),
      );
    fc.assert(
      fc.property(signals, (values) => {
        const signal = Float32Array.from(values);
        const energy = signal.reduce((sum, value) => sum + value ** 2, 0) * signal.length;
        for (const [bin, found] of powerOf(signal).entries()) {
          assert.ok(Math.abs(found - naivePower(signal, bin)) <= 1e-5 * energy, `bin ${bin} of ${signal.length}`);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('puts a whole number of periods into one bin', () => {
    for (const bin of [0, 1, 100, 255, 256]) {
      const power = powerOf(Float32Array.from({ length: 512 }, (_, t) => Math.cos((2 * Math.PI * bin * t) / 512)));
      const expected = bin === 0 || bin === 256 ? 512 ** 2 : 256 ** 2;
      for (const [at, found] of power.entries()) {
        assert.ok(Math.abs(found - (at === bin ? expected : 0)) < 0.1, `${found} in bin ${at} for a tone in ${bin}`);
      }
    }
  });

  it('gives the same again: nothing is left over from the call before', () => {
    const fft = new RealFft(32);
    const signal = Float32Array.from({ length: 32 }, (_, index) => Math.sin(index ** 2));
    const power = new Float64Array(17);
    fft.powerSpectrum(
      signal.map((value) => 1 - value),
      power,
    );
    fft.powerSpectrum(signal, power);
    assert.deepEqual(power, powerOf(signal));
  });
});
