import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { learningRate } from '../../../models/training/schedule';

test('up in a straight line, then down half a cosine to a hundredth', () => {
  const schedule = { peak: 0.8, warmUpSteps: 4, steps: 12 };
  const rates = Array.from({ length: 13 }, (_, step) => learningRate(step, schedule));
  const near = (found: number | undefined, expected: number): void =>
    assert.ok(Math.abs(found! - expected) < 1e-12, `${found} for ${expected}`);
  for (const [step, expected] of [0.2, 0.4, 0.6, 0.8, 0.8].entries()) near(rates[step], expected);
  // Half way down: the mean of the peak and its hundredth. A quarter: cos 45° = √½.
  near(rates[8], 0.8 * 0.505);
  near(rates[6], 0.8 * (0.01 + 0.99 * 0.5 * (1 + Math.SQRT1_2)));
  near(rates[12], 0.008);
});

test('rates never rise after the warm-up, and stay between the peak and its hundredth', () => {
  fc.assert(
    fc.property(fc.nat(50), fc.nat(200), fc.nat(300), (warmUpSteps, more, step) => {
      const schedule = { peak: 1, warmUpSteps, steps: warmUpSteps + more };
      const [rate, next] = [learningRate(step, schedule), learningRate(step + 1, schedule)];
      assert.ok(rate > 0 && rate <= 1);
      if (step >= warmUpSteps) assert.ok(next <= rate && rate >= 0.01 - 1e-12);
      else assert.ok(next >= rate);
    }),
  );
});
