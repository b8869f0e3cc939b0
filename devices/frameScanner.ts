import { ByteQueue } from './byteQueue';

/** What a place in the stream is: no frame starts here, more bytes will tell, or a whole valid frame. */
export type Verdict = 'none' | 'more' | 'whole';

/** How a protocol with frames of one length tells them from noise. */
export interface FrameRule {
  /** First byte of every frame. */
  readonly header: number;
  readonly frameBytes: number;
  /** @param bytes - All that wait: a first header byte at `start`, and more than a frame where more is there. */
  examine(bytes: Buffer, start: number): Verdict;
}

/** A whole frame, or bytes that belonged to none. Each byte that was appended comes out once. */
export type Scanned =
  /** The frame begins at `start` of `bytes`, which are only valid until the next `append`. */
  | { readonly kind: 'frame'; readonly bytes: Buffer; readonly start: number }
  | { readonly kind: 'discarded'; readonly bytes: number };

/**
 * Finds the frames in a stream of bytes with noise in it. A header inside a damaged frame may start a good one, so what
 * turns out to be no frame costs one byte, not a frame's length (reference/devices.md §1.1). Frames are looked at where
 * they lie: a view of each would cost more than all that is done with a short one.
 */
export class FrameScanner {
  readonly #rule: FrameRule;
  readonly #queue = new ByteQueue();
  /** What waits in the queue, and how much of it came out. */
  #bytes: Buffer = this.#queue.view();
  #taken = 0;

  constructor(rule: FrameRule) {
    this.#rule = rule;
  }

  /** Bytes that may still become a frame. */
  get pending(): number {
    return this.#bytes.length - this.#taken;
  }

  append(bytes: Uint8Array): void {
    this.#queue.skip(this.#taken);
    this.#queue.append(bytes);
    this.#bytes = this.#queue.view();
    this.#taken = 0;
  }

  next(): Scanned | undefined {
    const { header, frameBytes } = this.#rule;
    const bytes = this.#bytes;
    const from = this.#taken;
    let start = from;
    let verdict: Verdict = 'none';
    for (; start < bytes.length; start++) {
      if (bytes[start] !== header) continue;
      verdict = this.#rule.examine(bytes, start);
      if (verdict !== 'none') break;
    }
    if (start > from) {
      this.#taken = start;
      return { kind: 'discarded', bytes: start - from };
    }
    if (verdict !== 'whole') return undefined;
    this.#taken += frameBytes;
    return { kind: 'frame', bytes, start };
  }
}

/** Low 8 bits of the sum of the bytes from `start` up to `end`. */
export function sum8(bytes: Uint8Array, start: number, end: number): number {
  return sum(bytes, start, end) & 0xff;
}

/** Low 16 bits of the sum of the bytes from `start` up to `end`. */
export function sum16(bytes: Uint8Array, start: number, end: number): number {
  return sum(bytes, start, end) & 0xffff;
}

function sum(bytes: Uint8Array, start: number, end: number): number {
  let total = 0;
  for (let place = start; place < end; place++) total += bytes[place] ?? 0;
  return total;
}
