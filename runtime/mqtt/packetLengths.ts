/** Type and flags, then up to four bytes of length. */
type Part = 'type' | 'length' | 'rest';

/** A length takes four bytes at most (MQTT 5 §1.5.5): a fifth means that this is not MQTT. */
const MAX_LENGTH_BYTES = 4;

/**
 * Looks at how long the packets of a stream claim to be, before anything of them is kept: MQTT.js collects a packet
 * whatever its length, up to 256 MB.
 */
export class PacketLengths {
  readonly #maximumBytes: number;
  #part: Part = 'type';
  #length = 0;
  #lengthBytes = 0;
  #restBytes = 0;

  constructor(maximumBytes: number) {
    this.#maximumBytes = maximumBytes;
  }

  /** Takes the next bytes of the stream. False as soon as a packet claims to be too long. */
  accept(bytes: Uint8Array): boolean {
    for (let at = 0; at < bytes.length; ) {
      if (this.#part === 'rest') {
        const skipped = Math.min(this.#restBytes, bytes.length - at);
        at += skipped;
        this.#restBytes -= skipped;
        if (this.#restBytes === 0) this.#part = 'type';
      } else {
        if (!this.#acceptHeader(bytes[at++] ?? 0)) return false;
      }
    }
    return true;
  }

  #acceptHeader(byte: number): boolean {
    if (this.#part === 'type') {
      this.#part = 'length';
      this.#length = 0;
      this.#lengthBytes = 0;
      return true;
    }
    this.#length += (byte & 0x7f) * 128 ** this.#lengthBytes++;
    if (1 + this.#lengthBytes + this.#length > this.#maximumBytes) return false;
    if (byte > 0x7f) return this.#lengthBytes < MAX_LENGTH_BYTES;
    this.#restBytes = this.#length;
    this.#part = this.#length === 0 ? 'type' : 'rest';
    return true;
  }
}
