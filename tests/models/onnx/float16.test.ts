import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { firstOverflow, float16Numbers, toFloat16 } from '../../../models/onnx/float16';

/** The number of finite binary16 bits, from the definition (IEEE 754-2019 §3.4). */
function numberOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

function bitsOf(number: number): number {
  const [bits = 0] = toFloat16(Float32Array.of(number));
  return bits;
}

test('bits of well-known numbers', () => {
  // IEEE 754-2019 §3.4 and table 3.5: 1, −2, the largest, the smallest normal and the smallest subnormal number.
  const known = [
    [0, 0x0000],
    [-0, 0x8000],
    [1, 0x3c00],
    [-2, 0xc000],
    [65504, 0x7bff],
    [2 ** -14, 0x0400],
    [2 ** -24, 0x0001],
    [-(2 ** -24), 0x8001],
    [2 ** -26, 0x0000],
  ] as const;
  for (const [number, bits] of known) assert.equal(bitsOf(number), bits, String(number));
});

test('every finite binary16 number comes back as itself', () => {
  const all = Array.from({ length: 2 ** 16 }, (_, bits) => bits).filter((bits) => (bits & 0x7c00) !== 0x7c00);
  assert.deepEqual([...toFloat16(Float32Array.from(all, numberOf))], all);
});

test('rounds to the nearest, a tie to the even one', () => {
  const magnitude = fc.oneof(
    fc.float({ min: 0, max: Math.fround(65503), noNaN: true }),
    fc.float({ min: 0, max: Math.fround(2 ** -13), noNaN: true }),
  );
  const sign = fc.constantFrom(1, -1);
  fc.assert(
    fc.property(magnitude, sign, (size, side) => {
      const bits = bitsOf(side * size);
      const below = Math.abs(numberOf(Math.max((bits & 0x7fff) - 1, 0)));
      const above = Math.abs(numberOf((bits & 0x7fff) + 1));
      const error = Math.abs(Math.abs(numberOf(bits)) - size);
      assert.equal(Math.sign(numberOf(bits)) * side >= 0, true);
      for (const neighbour of [below, above]) {
        const other = Math.abs(neighbour - size);
        assert.ok(error < other || (error === other && (bits % 2 === 0 || neighbour === Math.abs(numberOf(bits)))));
      }
    }),
    { numRuns: 5000 },
  );
});

test('ties between two binary16 numbers go to the even one', () => {
  // Half-way points above odd and even numbers, normal and subnormal, from the definition.
  for (const bits of [0x0000, 0x0001, 0x03ff, 0x0400, 0x0401, 0x3c00, 0x3c01, 0x7bfd]) {
    const middle = (numberOf(bits) + numberOf(bits + 1)) / 2;
    assert.equal(bitsOf(middle), bits % 2 === 0 ? bits : bits + 1, middle.toString());
  }
});

test('what is too large becomes infinity and is found', () => {
  // 65520 is half-way between 65504 and the first number that binary16 does not have.
  const half = toFloat16(Float32Array.of(1, 65519.996, 65520, -1e30, Number.POSITIVE_INFINITY, Number.NaN));
  assert.deepEqual([...half], [0x3c00, 0x7bff, 0x7c00, 0xfc00, 0x7c00, 0x7e00]);
  assert.equal(firstOverflow(half), 2);
  assert.equal(firstOverflow(half.subarray(0, 2)), -1);
});

test('the table gives the number of every pattern of bits', () => {
  const numbers = float16Numbers();
  assert.equal(numbers.length, 2 ** 16);
  numbers.forEach((number, bits) => {
    const isNumber = (bits & 0x7c00) !== 0x7c00;
    const special = (bits & 0x3ff) !== 0 ? Number.NaN : bits & 0x8000 ? -Infinity : Infinity;
    assert.ok(Object.is(number, isNumber ? numberOf(bits) : special), String(bits));
  });
});
