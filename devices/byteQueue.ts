/**
 * Bytes that wait until they are understood. Grows to the largest amount that waited at once, and copies nothing but
 * what still waits: a parser that takes what it can after each chunk keeps less than a frame here.
 */
export class ByteQueue {
  #bytes: Buffer = Buffer.alloc(256);
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  append(bytes: Uint8Array): void {
    if (this.#end + bytes.length > this.#bytes.length) this.#makeRoom(bytes.length);
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Bytes from `start` on, at most `count`, without a copy: only valid until the next `append`. */
  view(start = 0, count = Number.POSITIVE_INFINITY): Buffer {
    const from = Math.min(this.#start + start, this.#end);
    return this.#bytes.subarray(from, Math.min(from + count, this.#end));
  }

  /** Where `byte` stands first, from `start` on; the end when it is nowhere. */
  indexOf(byte: number, start = 0): number {
    let place = Math.min(this.#start + start, this.#end);
    while (place < this.#end && this.#bytes[place] !== byte) place++;
    return place - this.#start;
  }

  /** Removes the first `count` bytes. */
  skip(count: number): void {
    this.#start += Math.min(count, this.length);
    if (this.#start === this.#end) {
      this.#start = 0;
      this.#end = 0;
    }
  }

  #makeRoom(count: number): void {
    const waiting = this.view();
    const needed = waiting.length + count;
    if (needed <= this.#bytes.length) this.#bytes.copyWithin(0, this.#start, this.#end);
    else {
      const larger = Buffer.alloc(2 ** Math.ceil(Math.log2(needed)));
      larger.set(waiting);
      this.#bytes = larger;
    }
    this.#end = waiting.length;
    this.#start = 0;
  }
}
