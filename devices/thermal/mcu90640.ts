import { FrameScanner, sum16, type Verdict } from '../frameScanner';

/**
 * GY-MCU90640: an MLX90640 behind a microcontroller (reference/devices.md §3.3). No sheet of the vendor was found;
 * the layout comes from four independent public drivers, which do not agree on the checksum.
 *
 * Bytes go in with `append`, frames come out of `next` until it returns `undefined`. No clock, no I/O.
 */

/** What proved a frame: the sum of its bytes, the sum of its 16-bit words, or nothing but its place and its values. */
export type Mcu90640Checksum = 'bytes' | 'words' | 'unverified';

/** One whole frame of 1544 bytes, or bytes that belonged to none. */
export type Mcu90640Frame =
  | {
      readonly kind: 'picture';
      /** 24 rows of 32 values in hundredths of a degree, row-major. */
      readonly centiCelsius: Int16Array;
      readonly ambientCelsius: number;
      readonly checksum: Mcu90640Checksum;
    }
  | { readonly kind: 'discarded'; readonly bytes: number };

export const MCU90640_WIDTH = 32;
export const MCU90640_HEIGHT = 24;
export const MCU90640_PIXELS = MCU90640_WIDTH * MCU90640_HEIGHT;

/** `5A 5A`, then the number of bytes before the checksum: two of each pixel, and two of the sensor's own temperature. */
export const MCU90640_HEADER = Buffer.from([0x5a, 0x5a, 0x02, 0x06]);

const PIXELS_AT = MCU90640_HEADER.length;
const AMBIENT_AT = PIXELS_AT + 2 * MCU90640_PIXELS;
const SUM_AT = AMBIENT_AT + 2;
export const MCU90640_FRAME_BYTES = SUM_AT + 2;

/** What the sensor can measure (MLX90640 datasheet), in hundredths of a degree. */
export const MCU90640_RANGE = { minimum: -4000, maximum: 30_000 } as const;

/** So many frames in a row that no known sum fits show that the module computes another one, and the other way round. */
const IN_A_ROW = 3;

/** Sum of the 16-bit little-endian words of some bytes, low 16 bits. */
export function wordSum(bytes: Buffer): number {
  let sum = 0;
  for (let offset = 0; offset + 1 < bytes.length; offset += 2) sum += bytes.readUInt16LE(offset);
  return sum & 0xffff;
}

/**
 * The parser accepts the checksum that the module was seen to use. Where three frames in a row fit neither, though the
 * next header stands where it must and all values are plausible, frames without a proof are taken, and say so; a frame
 * with a proof ends that.
 */
export class Mcu90640Parser {
  readonly #scanner = new FrameScanner({
    header: MCU90640_HEADER.readUInt8(0),
    frameBytes: MCU90640_FRAME_BYTES,
    examine: (bytes, start) => this.#examine(bytes.subarray(start)),
  });
  #checksum: Mcu90640Checksum | 'unknown' = 'unknown';
  #inARow = 0;

  /** Bytes that may still become a frame. */
  get pending(): number {
    return this.#scanner.pending;
  }

  append(bytes: Uint8Array): void {
    this.#scanner.append(bytes);
  }

  next(): Mcu90640Frame | undefined {
    const scanned = this.#scanner.next();
    if (scanned?.kind !== 'frame') return scanned;
    const bytes = scanned.bytes.subarray(scanned.start, scanned.start + MCU90640_FRAME_BYTES);
    const centiCelsius = new Int16Array(MCU90640_PIXELS);
    for (let pixel = 0; pixel < MCU90640_PIXELS; pixel++) {
      centiCelsius[pixel] = bytes.readInt16LE(PIXELS_AT + 2 * pixel);
    }
    const checksum = provenBy(bytes);
    this.#learn(checksum);
    return { kind: 'picture', centiCelsius, ambientCelsius: bytes.readInt16LE(AMBIENT_AT) / 100, checksum };
  }

  /** One frame in 32768 fits a sum by chance: it does not unsettle what many frames showed. */
  #learn(checksum: Mcu90640Checksum): void {
    if (this.#checksum === 'unknown' && checksum !== 'unverified') this.#checksum = checksum;
    if (this.#checksum !== 'unverified') return;
    this.#inARow = checksum === 'unverified' ? 0 : this.#inARow + 1;
    if (this.#inARow === IN_A_ROW) this.#checksum = checksum;
  }

  #examine(bytes: Buffer): Verdict {
    const header = bytes.subarray(0, MCU90640_HEADER.length);
    if (!MCU90640_HEADER.subarray(0, header.length).equals(header)) return 'none';
    if (bytes.length < MCU90640_FRAME_BYTES) return 'more';
    const frame = bytes.subarray(0, MCU90640_FRAME_BYTES);
    const proof = provenBy(frame);
    if (proof !== 'unverified') return this.#isExpected(proof) ? 'whole' : 'none';
    return this.#examineUnverified(frame, bytes.subarray(MCU90640_FRAME_BYTES));
  }

  /** Of two sums that fit somewhere, one is a coincidence: the first one seen is the module's. */
  #isExpected(proof: 'bytes' | 'words'): boolean {
    return this.#checksum === 'unknown' || this.#checksum === 'unverified' || this.#checksum === proof;
  }

  #examineUnverified(frame: Buffer, after: Buffer): Verdict {
    if (this.#checksum === 'bytes' || this.#checksum === 'words' || !isPlausible(frame)) return 'none';
    const header = after.subarray(0, MCU90640_HEADER.length);
    if (!MCU90640_HEADER.subarray(0, header.length).equals(header)) {
      this.#inARow = 0;
      return 'none';
    }
    if (header.length < MCU90640_HEADER.length) return 'more';
    if (this.#checksum === 'unverified') return 'whole';
    this.#inARow++;
    if (this.#inARow < IN_A_ROW) return 'none';
    this.#checksum = 'unverified';
    this.#inARow = 0;
    return 'whole';
  }
}

function provenBy(frame: Buffer): Mcu90640Checksum {
  const stated = frame.readUInt16LE(SUM_AT);
  if (stated === sum16(frame, 0, SUM_AT)) return 'bytes';
  return stated === wordSum(frame.subarray(0, SUM_AT)) ? 'words' : 'unverified';
}

function isPlausible(frame: Buffer): boolean {
  for (let offset = PIXELS_AT; offset < SUM_AT; offset += 2) {
    const value = frame.readInt16LE(offset);
    if (value < MCU90640_RANGE.minimum || value > MCU90640_RANGE.maximum) return false;
  }
  return true;
}
