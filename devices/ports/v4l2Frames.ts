/**
 * What `v4l2-ctl --stream-to-hdr=-` writes: for each frame the letters `rdhV`, the size of the picture (32 bits, most
 * significant byte first), then the picture (reference/devices.md §6).
 */
export type V4l2Item =
  /** A picture of the expected size; its bytes are valid until the next item is asked for. */
  | { readonly kind: 'frame'; readonly bytes: Uint8Array }
  /** Bytes that belong to no picture of that size. */
  | { readonly kind: 'discarded'; readonly bytes: number };

const MAGIC = Buffer.from('rdhV', 'latin1');
const HEADER_BYTES = 8;

/** A header that claims more is no header: no camera sends such a picture. */
const LARGEST_PICTURE_BYTES = 2 ** 26;

/** Cuts the stream into pictures. Holds one picture, whatever comes. */
export class V4l2FrameParser {
  readonly #picture: Uint8Array;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerFill = 0;
  #pictureFill = 0;
  /** Bytes of the picture that still have to come; 0 while a header is read. */
  #left = 0;
  #isExpected: boolean = false;

  /** @param pictureBytes - Size of a picture in the format that was asked for. */
  constructor(pictureBytes: number) {
    this.#picture = new Uint8Array(pictureBytes);
  }

  /** The pictures that are complete with these bytes. */
  *append(bytes: Uint8Array): Generator<V4l2Item> {
    for (let at = 0; at < bytes.length; ) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, bytes.length - at);
        yield* this.#take(bytes.subarray(at, at + taken));
        at += taken;
      } else {
        yield* this.#takeHeaderByte(bytes[at] ?? 0);
        at++;
      }
    }
  }

  *#take(bytes: Uint8Array): Generator<V4l2Item> {
    this.#left -= bytes.length;
    if (!this.#isExpected) {
      yield { kind: 'discarded', bytes: bytes.length };
      return;
    }
    this.#picture.set(bytes, this.#pictureFill);
    this.#pictureFill += bytes.length;
    if (this.#left === 0) yield { kind: 'frame', bytes: this.#picture };
  }

  *#takeHeaderByte(byte: number): Generator<V4l2Item> {
    this.#header[this.#headerFill++] = byte;
    while (this.#headerFill > 0 && !this.#isPlausible()) {
      // One byte at a time: the letters may begin at any of them.
      this.#header.copyWithin(0, 1, this.#headerFill);
      this.#headerFill--;
      yield { kind: 'discarded', bytes: 1 };
    }
    if (this.#headerFill < HEADER_BYTES) return;
    this.#left = this.#header.readUInt32BE(MAGIC.length);
    this.#isExpected = this.#left === this.#picture.length;
    this.#headerFill = 0;
    this.#pictureFill = 0;
    if (!this.#isExpected) yield { kind: 'discarded', bytes: HEADER_BYTES };
  }

  #isPlausible(): boolean {
    const letters = Math.min(this.#headerFill, MAGIC.length);
    if (this.#header.compare(MAGIC, 0, letters, 0, letters) !== 0) return false;
    if (this.#headerFill < HEADER_BYTES) return true;
    const size = this.#header.readUInt32BE(MAGIC.length);
    return size > 0 && size <= LARGEST_PICTURE_BYTES;
  }
}
