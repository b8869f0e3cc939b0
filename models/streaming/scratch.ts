/**
 * Memory for the numbers of one tensor at a time, used again for the next. Filling memory that is new to the process
 * takes about ten times as long as filling memory that it has, since the system hands it out page by page.
 */
export class Scratch {
  readonly #buffers: ArrayBuffer[] = [];
  #taken = 0;

  /** The caller's until {@link release}; holds what it was last used for. */
  float32(length: number): Float32Array {
    return new Float32Array(this.#take(4 * length), 0, length);
  }

  /** As {@link float32}, for numbers of 16 bits. */
  uint16(length: number): Uint16Array {
    return new Uint16Array(this.#take(2 * length), 0, length);
  }

  /** As {@link float32}, for whole numbers of 8 bits. */
  int8(length: number): Int8Array<ArrayBuffer> {
    return new Int8Array(this.#take(length), 0, length);
  }

  /** Takes back all that was given out. */
  release(): void {
    this.#taken = 0;
  }

  #take(byteLength: number): ArrayBuffer {
    const index = this.#taken++;
    const known = this.#buffers[index];
    if (known !== undefined && known.byteLength >= byteLength) return known;
    const larger = new ArrayBuffer(byteLength);
    this.#buffers[index] = larger;
    return larger;
  }
}
