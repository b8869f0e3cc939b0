import { FrameScanner, sum8 } from '../frameScanner';
import { STANDARD_GRAVITY } from '../units';
import type { Vector } from './motionBatch';

/**
 * BNO08x in the mode UART-RVC: a hundred frames a second, no commands, no gyroscope.
 * Source: BNO080 datasheet 1000-3927 §1.3.5.2 (reference/devices.md §1.2).
 *
 * Bytes go in with `append`, frames come out of `next` until it returns `undefined`. No clock, no I/O.
 */

/** One valid frame of 19 bytes, or bytes that belonged to none. */
export type RvcFrame =
  | {
      readonly kind: 'motion';
      /** Counts frames, modulo 256. */
      readonly index: number;
      /** To be applied in this order. */
      readonly yawPitchRollRadians: Vector;
      readonly metresPerSecond2: Vector;
    }
  | { readonly kind: 'discarded'; readonly bytes: number };

export const RVC_HEADER = 0xaa;
export const RVC_FRAME_BYTES = 19;

/** One step of an angle, and of an acceleration. */
export const RVC_RADIANS = Math.PI / 180 / 100;
export const RVC_METRES_PER_SECOND2 = STANDARD_GRAVITY / 1000;

/** The header is no part of the sum. */
const SUMMED_FROM = 2;
const SUM_AT = RVC_FRAME_BYTES - 1;

export class RvcParser {
  readonly #scanner = new FrameScanner({
    header: RVC_HEADER,
    frameBytes: RVC_FRAME_BYTES,
    examine: (bytes, start) => {
      const second = bytes[start + 1];
      if (second !== undefined && second !== RVC_HEADER) return 'none';
      if (bytes.length - start < RVC_FRAME_BYTES) return 'more';
      const sum = sum8(bytes, start + SUMMED_FROM, start + SUM_AT);
      return sum === bytes[start + SUM_AT] && isPossible(bytes, start) ? 'whole' : 'none';
    },
  });

  /** Bytes that may still become a frame. */
  get pending(): number {
    return this.#scanner.pending;
  }

  append(bytes: Uint8Array): void {
    this.#scanner.append(bytes);
  }

  next(): RvcFrame | undefined {
    const scanned = this.#scanner.next();
    if (scanned?.kind !== 'frame') return scanned;
    const { bytes, start } = scanned;
    return {
      kind: 'motion',
      index: bytes.readUInt8(start + 2),
      yawPitchRollRadians: vector(bytes, { start: start + 3, scale: RVC_RADIANS }),
      metresPerSecond2: vector(bytes, { start: start + 9, scale: RVC_METRES_PER_SECOND2 }),
    };
  }
}

/**
 * Largest yaw, pitch and roll in hundredths of a degree, and accelerations in mg: a little more than the sensor's ±8 g.
 * One piece of noise in 256 fits the sum; nearly all of those have a value that the sensor never gives.
 */
const LARGEST = [18_000, 9000, 18_000, 9000, 9000, 9000] as const;

function isPossible(bytes: Buffer, start: number): boolean {
  return LARGEST.every((largest, index) => Math.abs(bytes.readInt16LE(start + 3 + 2 * index)) <= largest);
}

function vector(bytes: Buffer, { start, scale }: { readonly start: number; readonly scale: number }): Vector {
  return [bytes.readInt16LE(start) * scale, bytes.readInt16LE(start + 2) * scale, bytes.readInt16LE(start + 4) * scale];
}
