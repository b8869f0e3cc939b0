import { ELEMENT_BYTES, widenElements } from '../../models/checkpoint/elementTypes';
import { toFloat16 } from '../../models/onnx/float16';
import { SensebindError } from '../errors';
import type { VectorElementType } from './messages';

/** A vector as bytes. */
export interface PackedVector {
  readonly bytes: Buffer;
  /** Multiplies the integers of `i8`. */
  readonly scale?: number;
}

/** Little-endian, as every platform of Node.js with an ONNX Runtime is. The bytes are the caller's own. */
export function packVector(vector: Float32Array, elementType: VectorElementType): PackedVector {
  switch (elementType) {
    case 'f32le':
      return { bytes: Buffer.from(new Float32Array(vector).buffer) };
    case 'f16le':
      return { bytes: Buffer.from(toFloat16(vector).buffer) };
    case 'i8': {
      const largest = vector.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const scale = largest > 0 ? largest / 127 : 1;
      return { bytes: Buffer.from(Int8Array.from(vector, (value) => Math.round(value / scale)).buffer), scale };
    }
  }
}

/** @throws {SensebindError} `MESSAGE_INVALID` when the bytes are not `dimensions` numbers. */
export function unpackVector(
  packed: { readonly bytes: Uint8Array; readonly scale?: number },
  as: { readonly elementType: VectorElementType; readonly dimensions: number },
): Float32Array {
  const expected = as.dimensions * BYTES[as.elementType];
  if (packed.bytes.length !== expected) {
    throw new SensebindError(
      'MESSAGE_INVALID',
      `expected ${as.dimensions} numbers of ${as.elementType} (${expected} bytes), found ${packed.bytes.length} bytes`,
      'look at who publishes on this topic',
    );
  }
  // A copy starts at offset 0, so that wider elements are aligned.
  const bytes = new Uint8Array(packed.bytes);
  const vector = new Float32Array(as.dimensions);
  if (as.elementType === 'i8') {
    const scale = packed.scale ?? 1;
    vector.set(Float32Array.from(new Int8Array(bytes.buffer), (value) => value * scale));
  } else {
    widenElements(bytes, { elementType: as.elementType === 'f16le' ? 'float16' : 'float32', target: vector });
  }
  return vector;
}

const BYTES: Readonly<Record<VectorElementType, number>> = {
  f16le: ELEMENT_BYTES.float16,
  f32le: ELEMENT_BYTES.float32,
  i8: 1,
};
