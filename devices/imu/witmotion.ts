import { FrameScanner, sum8 } from '../frameScanner';
import { STANDARD_GRAVITY } from '../units';
import type { Vector } from './motionBatch';

/**
 * WitMotion "normal" protocol: WT901, JY901, HWT905 …
 * Source: WT901 datasheet v20-0702 p. 11 and 21 (reference/devices.md §1.1).
 *
 * Bytes go in with `append`, packets come out of `next` until it returns `undefined`. No clock, no I/O.
 */

/** One valid packet of 11 bytes, or bytes that belonged to none. */
export type WitMotionPacket =
  | {
      readonly kind: 'acceleration';
      readonly metresPerSecond2: Vector;
      readonly celsius: number;
      /** At an end of its range: the true value may be larger. */
      readonly isClipped: boolean;
    }
  | { readonly kind: 'angularVelocity'; readonly radiansPerSecond: Vector; readonly isClipped: boolean }
  | { readonly kind: 'angles'; readonly rollPitchYawRadians: Vector }
  /** The answer to a read: four registers from the one that was asked for. */
  | { readonly kind: 'registers'; readonly values: readonly number[] }
  | { readonly kind: 'other'; readonly type: number }
  | { readonly kind: 'discarded'; readonly bytes: number };

export const WITMOTION_HEADER = 0x55;
export const WITMOTION_PACKET_BYTES = 11;
const SUM_AT = WITMOTION_PACKET_BYTES - 1;

/** Types of packets: what a device sends in one cycle, it sends in this order. */
export const WITMOTION_TYPE = {
  acceleration: 0x51,
  angularVelocity: 0x52,
  angles: 0x53,
  magneticField: 0x54,
  registers: 0x5f,
} as const;

const LARGEST_DATA_TYPE = 0x5a;

/** Full scale of the int16 words. */
export const WITMOTION_FULL_SCALE = {
  metresPerSecond2: 16 * STANDARD_GRAVITY,
  radiansPerSecond: (2000 * Math.PI) / 180,
  radians: Math.PI,
} as const;

export class WitMotionParser {
  readonly #scanner = new FrameScanner({
    header: WITMOTION_HEADER,
    frameBytes: WITMOTION_PACKET_BYTES,
    examine: (bytes, start) => {
      const type = bytes[start + 1];
      if (type !== undefined && !isType(type)) return 'none';
      if (bytes.length - start < WITMOTION_PACKET_BYTES) return 'more';
      return sum8(bytes, start, start + SUM_AT) === bytes[start + SUM_AT] ? 'whole' : 'none';
    },
  });

  /** Bytes that may still become a packet. */
  get pending(): number {
    return this.#scanner.pending;
  }

  append(bytes: Uint8Array): void {
    this.#scanner.append(bytes);
  }

  next(): WitMotionPacket | undefined {
    const scanned = this.#scanner.next();
    return scanned?.kind === 'frame' ? decode(scanned.bytes, scanned.start) : scanned;
  }
}

function isType(type: number): boolean {
  return (type >= 0x50 && type <= LARGEST_DATA_TYPE) || type === WITMOTION_TYPE.registers;
}

function decode(bytes: Buffer, start: number): WitMotionPacket {
  const type = bytes.readUInt8(start + 1);
  switch (type) {
    case WITMOTION_TYPE.acceleration:
      return {
        kind: 'acceleration',
        metresPerSecond2: vector(bytes, start, WITMOTION_FULL_SCALE.metresPerSecond2),
        celsius: bytes.readInt16LE(start + 8) / 100,
        isClipped: isClipped(bytes, start),
      };
    case WITMOTION_TYPE.angularVelocity:
      return {
        kind: 'angularVelocity',
        radiansPerSecond: vector(bytes, start, WITMOTION_FULL_SCALE.radiansPerSecond),
        isClipped: isClipped(bytes, start),
      };
    case WITMOTION_TYPE.angles:
      return { kind: 'angles', rollPitchYawRadians: vector(bytes, start, WITMOTION_FULL_SCALE.radians) };
    case WITMOTION_TYPE.registers:
      return { kind: 'registers', values: [2, 4, 6, 8].map((offset) => bytes.readUInt16LE(start + offset)) };
    default:
      return { kind: 'other', type };
  }
}

function vector(bytes: Buffer, start: number, fullScale: number): Vector {
  const scale = fullScale / 32_768;
  return [
    bytes.readInt16LE(start + 2) * scale,
    bytes.readInt16LE(start + 4) * scale,
    bytes.readInt16LE(start + 6) * scale,
  ];
}

function isClipped(bytes: Buffer, start: number): boolean {
  return (
    isEnd(bytes.readInt16LE(start + 2)) || isEnd(bytes.readInt16LE(start + 4)) || isEnd(bytes.readInt16LE(start + 6))
  );
}

/** Whether a word is at an end of the range. */
function isEnd(word: number): boolean {
  return word === 32_767 || word === -32_768;
}
