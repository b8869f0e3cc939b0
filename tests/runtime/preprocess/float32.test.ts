import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CascadeSum } from '../../../runtime/preprocess/cascadeSum';
import { cosine, sine } from '../../../runtime/preprocess/floatTrigonometry';

// Expected values: PyTorch 1.13.1 on a CPU with AVX2, one thread. Each is one that exact arithmetic rounds otherwise.

describe('sums in the order of PyTorch', () => {
  const values = Float32Array.from({ length: 32_000 }, (_, index) => ((index * 7919) % 1009) / 1009 + 0.1);
  for (const [length, expected] of [
    [400, 240.5044708251953],
    [1001, 600.6412353515625],
    [32_000, 19_184.54296875],
  ] as const) {
    it(`equal its float32 sum of ${length} values`, () => {
      const sum = new CascadeSum();
      assert.equal(sum.of(values, { start: 0, length }), expected);
      assert.equal(sum.of(Float32Array.of(9, ...values), { start: 1, length }), expected, 'again, from elsewhere');
    });
  }
});

describe('float32 sine and cosine', () => {
  for (const [angle, expected] of [
    [-17.91899871826172, 0.5973872542381287],
    [-15.61500072479248, -0.9956820607185364],
    [-10.881000518798828, -0.11432326585054398],
    [-5.967000484466553, 0.9504286646842957],
  ] as const) {
    it(`gives PyTorch's cosine of ${angle}`, () => assert.equal(cosine(angle), expected));
  }
  for (const [angle, expected] of [
    [-17.92799949645996, 0.796543538570404],
    [-13.580999374389648, -0.8492845892906189],
    [-4.698000907897949, 0.9998965263366699],
    [-1.926000714302063, -0.9375754594802856],
  ] as const) {
    it(`gives PyTorch's sine of ${angle}`, () => assert.equal(sine(angle), expected));
  }

  it('stays within a unit in the last place of the exact value', () => {
    for (let step = -2000; step <= 2000; step++) {
      const angle = Math.fround(step * 0.01);
      for (const [found, exact] of [
        [sine(angle), Math.sin(angle)],
        [cosine(angle), Math.cos(angle)],
      ] as const) {
        assert.ok(Math.abs(found - exact) <= 1.2e-7 * Math.max(Math.abs(exact), 1e-3), `${angle}: ${found}, ${exact}`);
      }
    }
  });
});
