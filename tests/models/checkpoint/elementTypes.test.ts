import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { widenElements } from '../../../models/checkpoint/elementTypes';
import type { ElementType } from '../../../models/checkpoint/stateDict';

type Elements = Uint16Array | BigInt64Array | Float32Array;

function widened(elementType: ElementType, source: Elements): Float32Array {
  const target = new Float32Array(source.length);
  widenElements(new Uint8Array(source.buffer, source.byteOffset, source.byteLength), { elementType, target });
  return target;
}

/** IEEE 754-2019 §3.4, binary16: the value of a bit pattern by the formula of the standard. */
function valueOfHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

describe('element types as float32', () => {
  it('widens each of the 65536 float16 to its value, the sign of zero included', () => {
    const bits = Uint16Array.from({ length: 65_536 }, (_, index) => index);
    const floats = widened('float16', bits);
    for (const half of bits) assert.ok(Object.is(floats[half], valueOfHalf(half)), `0x${half.toString(16)}`);
  });

  it('keeps the payload of a float16 NaN', () => {
    const floats = widened('float16', Uint16Array.of(0x7e01, 0xfdff));
    assert.deepEqual([...new Uint32Array(floats.buffer)], [0x7fc02000, 0xffbfe000]);
  });

  it('widens each of the 65536 bfloat16 to the float32 that has its bits on top', () => {
    const bits = Uint16Array.from({ length: 65_536 }, (_, index) => index);
    const floats = new Uint32Array(widened('bfloat16', bits).buffer);
    for (const half of bits) assert.equal(floats[half], half * 65_536);
  });

  it('rounds int64 once, to the nearest float32 and ties to even', () => {
    // float32 near 2^62 are 2^39 apart; a conversion through double would make the third a tie and round it down.
    const source = BigInt64Array.of(2n ** 24n + 1n, 2n ** 62n + 2n ** 38n, 2n ** 62n + 2n ** 38n + 1n, -(2n ** 63n));
    assert.deepEqual([...widened('int64', source)], [2 ** 24, 2 ** 62, 2 ** 62 + 2 ** 39, -(2 ** 63)]);
  });

  it('gives int64 the nearest of the float32 around it, where those are whole numbers', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 2n ** 25n, max: 2n ** 63n - 1n }), fc.boolean(), (magnitude, negative) => {
        const value = negative ? -magnitude : magnitude;
        const [float = NaN] = widened('int64', BigInt64Array.of(value));
        const bits = new Int32Array(Float32Array.of(float).buffer)[0] ?? 0;
        const distance = (pattern: number) => {
          const [other = NaN] = new Float32Array(Int32Array.of(pattern).buffer);
          const difference = BigInt(other) - value;
          return difference < 0n ? -difference : difference;
        };
        assert.ok(distance(bits) <= distance(bits - 1) && distance(bits) <= distance(bits + 1));
      }),
    );
  });
});
