/**
 * IEEE 754 binary16 from binary32 (IEEE 754-2019 §3.6, §4.3.1): rounded to nearest, ties to even; and back, exactly.
 */

const SIGN_16 = 0x8000;
const INFINITY_16 = 0x7c00;
const NAN_16 = 0x7e00;

/** Bits of binary32: largest that is not rounded to infinity, and smallest normal number, of binary16. */
const OVERFLOW_32 = 0x477ff000;
const SMALLEST_NORMAL_32 = 0x38800000;
const INFINITY_32 = 0x7f800000;

/** Exponent bias 127 of binary32 against 15 of binary16, in the place of the exponent. */
const BIAS_DIFFERENCE = (127 - 15) << 23;

/** A number whose last bit is worth 2⁻²⁴, as that of a binary16 subnormal: adding it rounds to that place. */
const SUBNORMAL_ROUNDER = 0.5;
const SUBNORMAL_ROUNDER_BITS = 0x3f000000;

/** Bits of binary16 for each number, in `half`. What is too large becomes infinity. */
export function toFloat16(numbers: Float32Array, half: Uint16Array = new Uint16Array(numbers.length)): Uint16Array {
  const bits = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length);
  const sum = new Float32Array(1);
  const sumBits = new Uint32Array(sum.buffer);
  for (let index = 0; index < half.length; index++) {
    const word = bits[index] ?? 0;
    const magnitude = word & 0x7fffffff;
    const sign = (word >>> 16) & SIGN_16;
    if (magnitude >= OVERFLOW_32) {
      half[index] = sign | (magnitude > INFINITY_32 ? NAN_16 : INFINITY_16);
    } else if (magnitude >= SMALLEST_NORMAL_32) {
      // Half of the last place that stays, less one, plus that place: a tie goes up only where it is odd.
      const rounded = magnitude - BIAS_DIFFERENCE + 0xfff + ((magnitude >>> 13) & 1);
      half[index] = sign | (rounded >>> 13);
    } else {
      sum[0] = Math.abs(numbers[index] ?? 0) + SUBNORMAL_ROUNDER;
      half[index] = sign | ((sumBits[0] ?? 0) - SUBNORMAL_ROUNDER_BITS);
    }
  }
  return half;
}

/** Index of the first number that binary16 cannot hold; −1 when there is none. A plain loop, since it sees whole models. */
export function firstOverflow(half: Uint16Array): number {
  for (let index = 0; index < half.length; index++) {
    if (((half[index] ?? 0) & INFINITY_16) === INFINITY_16) return index;
  }
  return -1;
}

/** The number of each of the 65,536 patterns of bits, by pattern: made in a millisecond, then the fastest way back. */
export function float16Numbers(): Float32Array {
  return Float32Array.from({ length: 2 ** 16 }, (_, bits) => numberOf(bits));
}

function numberOf(bits: number): number {
  const sign = bits & SIGN_16 ? -1 : 1;
  const exponent = (bits & INFINITY_16) >> 10;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent < 0x1f) return sign * (0x400 + fraction) * 2 ** (exponent - 25);
  return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
}
