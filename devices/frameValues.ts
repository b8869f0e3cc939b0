import type { FrameHold, FrameMemory } from '../runtime/reading';

/** Room for the numbers of one picture on shared memory, with one hold; `undefined` when all memory is in use. */
export function acquireFloats(
  memory: FrameMemory,
  count: number,
): { readonly frame: FrameHold; readonly values: Float32Array } | undefined {
  const frame = memory.acquire(count * Float32Array.BYTES_PER_ELEMENT);
  return frame && { frame, values: new Float32Array(frame.buffer, 0, count) };
}

/** Little-endian 16-bit words of a picture from byte `offset` on, as every machine that we run on stores them. */
export function wordsOf(bytes: Uint8Array, offset = 0): Uint16Array {
  const start = bytes.byteOffset + offset;
  const count = (bytes.byteLength - offset) >> 1;
  if (start % Uint16Array.BYTES_PER_ELEMENT === 0) return new Uint16Array(bytes.buffer, start, count);
  return new Uint16Array(bytes.slice(offset).buffer, 0, count);
}
