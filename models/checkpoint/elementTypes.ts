import type { ElementType } from './stateDict';

/** Size of one element as stored. */
export const ELEMENT_BYTES: Readonly<Record<ElementType, number>> = {
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int64: 8,
};

/**
 * Converts little-endian elements to float32: exactly for the float types (subnormals, infinities and NaN included),
 * rounded to nearest, ties to even, for int64.
 *
 * `bytes` start at a multiple of the element size in their buffer; `target` has as many elements. The host is
 * little-endian, as every platform of Node.js with an ONNX Runtime is.
 */
export function widenElements(
  bytes: Uint8Array,
  { elementType, target }: { readonly elementType: ElementType; readonly target: Float32Array },
): void {
  const { buffer, byteOffset } = bytes;
  const elements = bytes.byteLength / ELEMENT_BYTES[elementType];
  switch (elementType) {
    case 'float32':
      target.set(new Float32Array(buffer, byteOffset, elements));
      break;
    case 'float16':
      widenFloat16(new Uint16Array(buffer, byteOffset, elements), target);
      break;
    case 'bfloat16':
      widenBfloat16(new Uint16Array(buffer, byteOffset, elements), target);
      break;
    case 'int64':
      widenInt64(new BigInt64Array(buffer, byteOffset, elements), target);
      break;
  }
}

/** The bit patterns of float32 for each of the 65536 float16, made when first needed. */
let float16Patterns: Uint32Array | undefined;

/** As bit patterns, since a NaN that passes through a number may lose its payload. */
function widenFloat16(source: Uint16Array, target: Float32Array): void {
  float16Patterns ??= Uint32Array.from({ length: 65_536 }, (_, half) => float16Pattern(half));
  const bits = new Uint32Array(target.buffer, target.byteOffset, target.length);
  for (let index = 0; index < bits.length; index++) bits[index] = float16Patterns[source[index] ?? 0] ?? 0;
}

/** IEEE 754 binary16 (1 sign, 5 exponent, 10 fraction bits, bias 15) as binary32 (1, 8, 23, bias 127). */
function float16Pattern(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return sign | 0x7f800000 | (fraction << 13);
  if (exponent > 0) return sign | ((exponent + 127 - 15) << 23) | (fraction << 13);
  if (fraction === 0) return sign;
  // A subnormal half is a normal float32: move its leading one to the hidden bit.
  const shift = Math.clz32(fraction) - 21;
  return sign | ((127 - 15 + 1 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13);
}

/** bfloat16 is the upper half of a float32. */
function widenBfloat16(source: Uint16Array, target: Float32Array): void {
  const bits = new Uint32Array(target.buffer, target.byteOffset, target.length);
  for (let index = 0; index < bits.length; index++) bits[index] = (source[index] ?? 0) << 16;
}

function widenInt64(source: BigInt64Array, target: Float32Array): void {
  for (let index = 0; index < target.length; index++) target[index] = nearestFloat32(source[index] ?? 0n);
}

const LOW_BITS = 11n;
const LOW_MASK = (1n << LOW_BITS) - 1n;

/**
 * Beyond 2^53 a conversion through a double would round twice. There the low bits are folded into one sticky bit,
 * far below the 24 bits that float32 keeps, so that only the last step rounds.
 */
function nearestFloat32(value: bigint): number {
  const approximate = Number(value);
  if (Number.isSafeInteger(approximate)) return approximate;
  const sticky = (value & LOW_MASK) === 0n ? 0n : 1n;
  return Math.fround(Number((value >> LOW_BITS) | sticky)) * 2 ** Number(LOW_BITS);
}
