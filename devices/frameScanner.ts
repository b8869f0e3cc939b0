import { ByteQueue } from './byteQueue';

/** What a place in the stream is: no frame starts here, more bytes will tell, or a whole valid frame. */
export type Verdict = 'none' | 'more' | 'whole';

/** How a protocol with frames of one length tells them from noise. */
export interface FrameRule {
  /** First byte of every frame. */
  readonly header: number;
  readonly frameBytes: number;
  /** @param bytes - From a first header byte on; at least one, and more than a frame where more is there. */
  examine(bytes: Buffer): Verdict;
}

/** A whole frame, or bytes that belonged to none. Each byte that was appended comes out once. */
export type Scanned =
  /** `bytes` are only valid until the next `append`. */
  { readonly kind: 'frame'; readonly bytes: Buffer } | { readonly kind: 'discarded'; readonly bytes: number };

/**
 * Finds the frames in a stream of bytes with noise in it. A header inside a damaged frame may start a good one, so what
 * turns out to be no frame costs one byte, not a frame's length (reference/devices.md §1.1).
 */
export class FrameScanner {
  readonly #rule: FrameRule;
  readonly #queue = new ByteQueue();

  constructor(rule: FrameRule) {
    this.#rule = rule;
  }

  /** Bytes that may still become a frame. */
  get pending(): number {
    return this.#queue.length;
  }

  append(bytes: Uint8Array): void {
    this.#queue.append(bytes);
  }

  next(): Scanned | undefined {
    const { header, frameBytes } = this.#rule;
    let start = this.#queue.indexOf(header);
    let verdict: Verdict = 'none';
    while (start < this.#queue.length) {
      verdict = this.#rule.examine(this.#queue.view(start));
      if (verdict !== 'none') break;
      start = this.#queue.indexOf(header, start + 1);
    }
    if (start > 0) {
      this.#queue.skip(start);
      return { kind: 'discarded', bytes: start };
    }
    if (verdict !== 'whole') return undefined;
    const bytes = this.#queue.view(0, frameBytes);
    this.#queue.skip(frameBytes);
    return { kind: 'frame', bytes };
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
