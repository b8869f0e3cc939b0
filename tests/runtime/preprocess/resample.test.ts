import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isSensebindError } from '../../../runtime/errors';
import { resample, StreamResampler } from '../../../runtime/preprocess/resample';
import { resampleKernel } from '../../../runtime/preprocess/resampleKernel';

/** The formula of reference/imagebind.md §3.4 in doubles, one output at a time. */
function formula(samples: Float32Array, rates: { inputRateHz: number; outputRateHz: number }, output: number): number {
  const cutoffHz = 0.99 * Math.min(rates.inputRateHz, rates.outputRateHz);
  let sum = 0;
  for (const [index, sample] of samples.entries()) {
    const time = (index / rates.inputRateHz - output / rates.outputRateHz) * cutoffHz;
    if (Math.abs(time) >= 6) continue;
    const sinc = time === 0 ? 1 : Math.sin(Math.PI * time) / (Math.PI * time);
    sum += (sample * sinc * Math.cos((Math.PI * time) / 12) ** 2 * cutoffHz) / rates.inputRateHz;
  }
  return sum;
}

function wave(length: number): Float32Array {
  return Float32Array.from({ length }, (_, index) => Math.sin(0.3 * index) / 2 + Math.sin(1.7 * index ** 1.1) / 4);
}

const RATES = [
  [44_100, 16_000],
  [48_000, 16_000],
  [22_050, 16_000],
  [11_025, 16_000],
  [8000, 16_000],
  [44_101, 16_000],
  [384_000, 16_000],
  [100, 400],
  [104, 400],
  [3, 7],
  [1, 1],
] as const;

describe('resampling', () => {
  for (const [inputRateHz, outputRateHz] of RATES) {
    it(`follows the formula from ${inputRateHz} to ${outputRateHz} Hz, edges included`, () => {
      const rates = { inputRateHz, outputRateHz };
      const samples = wave(700);
      const found = resample(samples, rates);
      assert.equal(found.length, Math.ceil((700 * outputRateHz) / inputRateHz));
      if (inputRateHz === outputRateHz) {
        assert.deepEqual(found, samples, 'equal rates are handed through');
        return;
      }
      // The reference builds its kernel in float32, which the formula in doubles does not.
      for (const [index, value] of found.entries()) {
        if (index % 7 !== 0 && index > 40 && index < found.length - 40) continue;
        const difference = Math.abs(value - formula(samples, rates, index));
        assert.ok(difference < 2e-4, `${difference} at ${index}`);
      }
    });
  }

  it('gives the same of a stream, bit for bit, however it is cut', () => {
    const samples = wave(1500);
    const cuts = fc.array(fc.nat(samples.length), { maxLength: 30 });
    fc.assert(
      fc.property(cuts, fc.constantFrom(...RATES), (unsorted, [inputRateHz, outputRateHz]) => {
        const rates = { inputRateHz, outputRateHz };
        const stream = new StreamResampler(rates);
        const at = [0, ...unsorted.sort((a, b) => a - b), samples.length];
        const pieces = at.slice(1).map((end, index) => {
          const count = stream.append(samples.subarray(at[index], end));
          return stream.output.slice(0, count);
        });
        const rest = stream.flush();
        pieces.push(stream.output.slice(0, rest));
        assert.deepEqual(Float32Array.from(pieces.flatMap((piece) => [...piece])), resample(samples, rates));
      }),
      { numRuns: 60 },
    );
  });

  it('begins anew after flush and after reset', () => {
    const rates = { inputRateHz: 44_100, outputRateHz: 16_000 };
    const stream = new StreamResampler(rates);
    const samples = wave(441);
    const expected = resample(samples, rates);
    for (const restart of [() => stream.flush(), () => stream.reset()]) {
      stream.append(wave(1000));
      restart();
      const first = stream.append(samples);
      const found = [...stream.output.slice(0, first)];
      assert.deepEqual(Float32Array.from(found), expected.subarray(0, first));
    }
  });

  it('keeps up for hours: as many outputs as the ratio says, and no buffer that grows', () => {
    const stream = new StreamResampler({ inputRateHz: 44_100, outputRateHz: 16_000 });
    const piece = wave(4410);
    let produced = 0;
    for (let pieces = 0; pieces < 10; pieces++) produced += stream.append(piece);
    const buffer = stream.output;
    for (let pieces = 10; pieces < 500; pieces++) produced += stream.append(piece);
    assert.equal(stream.output, buffer);
    assert.ok(500 * 1600 - produced < 20, `${produced}`);
  });

  it('refuses rates that are no whole number of 1 to 384,000 Hz', () => {
    for (const rate of [0, -1, 0.5, 44_100.5, 384_001, Number.NaN, Number.POSITIVE_INFINITY]) {
      for (const rates of [
        { inputRateHz: rate, outputRateHz: 16_000 },
        { inputRateHz: 16_000, outputRateHz: rate },
      ]) {
        assert.throws(
          () => resample(new Float32Array(10), rates),
          (error) => isSensebindError(error, 'INPUT_UNSUPPORTED'),
        );
      }
    }
  });

  it('refuses a ratio whose filters would not fit into memory', () => {
    assert.throws(
      () => resampleKernel({ input: 1_000_003, output: 1_000_000 }),
      (error) => isSensebindError(error, 'INPUT_UNSUPPORTED'),
    );
  });
});
