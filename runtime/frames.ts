import { SensebindError } from './errors';

/**
 * Memory that many readers share without a copy (design.md rule 1). Filled once by the one who acquired it, then never
 * written again until the last reader has released it.
 */
export interface Frame {
  /** Exactly the bytes that were asked for; starts at offset 0 of `buffer`, so any typed array fits on it. */
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  /** May be longer than `bytes`. */
  readonly buffer: SharedArrayBuffer;
  /** Holders; 0 once the frame went back to its pool. */
  readonly references: number;
  /**
   * Adds a holder, who must release the frame too.
   *
   * @throws {SensebindError} `FRAME_RELEASED` when the frame is already back in its pool.
   */
  retain(): this;
  /**
   * Ends one hold; the last one gives the memory back.
   *
   * @throws {SensebindError} `FRAME_RELEASED` when the frame is already back in its pool.
   */
  release(): void;
}

/** How much a pool may hold at once, frames in use and memory kept for reuse together. */
export interface FrameLimits {
  readonly frames: number;
  readonly bytes: number;
}

export interface FramePoolStats {
  readonly inUse: number;
  readonly bytesInUse: number;
  /** Free buffers that wait for their next use. */
  readonly kept: number;
  readonly bytesKept: number;
  readonly acquired: number;
  /** Requests that found the pool full. */
  readonly refused: number;
}

const PAGE_BYTES = 4096;

/** A kept buffer may be this much larger than the request, so that a large one is not spent on small frames. */
const LARGEST_EXCESS = 2;

/** The frame that now stands on a buffer, so that whoever gets a bare typed array can hold its memory. */
const frameOnBuffer = new WeakMap<SharedArrayBuffer, PooledFrame>();

/** The frame that `buffer` belongs to, while it is held; memory of no pool has none. */
export function frameOf(buffer: SharedArrayBuffer): Frame | undefined {
  return frameOnBuffer.get(buffer);
}

/** Reference-counted SharedArrayBuffers, bounded in number and bytes. One pool a thread; its memory may go anywhere. */
export class FramePool {
  readonly #limits: FrameLimits;
  readonly #kept: SharedArrayBuffer[] = [];
  #inUse = 0;
  #bytesInUse = 0;
  #bytesKept = 0;
  #acquired = 0;
  #refused = 0;

  constructor(limits: FrameLimits) {
    this.#limits = limits;
  }

  /**
   * A frame with one holder, or `undefined` when the pool is full: the caller drops what it wanted to store and counts
   * it. The content is whatever was there before.
   */
  acquire(byteLength: number): Frame | undefined {
    const buffer = this.#reuse(byteLength) ?? this.#allocate(byteLength);
    if (buffer === undefined) {
      this.#refused++;
      return undefined;
    }
    this.#acquired++;
    this.#inUse++;
    this.#bytesInUse += buffer.byteLength;
    const frame = new PooledFrame(buffer, byteLength, () => this.#takeBack(buffer));
    frameOnBuffer.set(buffer, frame);
    return frame;
  }

  stats(): FramePoolStats {
    return {
      inUse: this.#inUse,
      bytesInUse: this.#bytesInUse,
      kept: this.#kept.length,
      bytesKept: this.#bytesKept,
      acquired: this.#acquired,
      refused: this.#refused,
    };
  }

  #reuse(byteLength: number): SharedArrayBuffer | undefined {
    if (this.#inUse >= this.#limits.frames) return undefined;
    const fits = (buffer: SharedArrayBuffer): boolean =>
      buffer.byteLength >= byteLength && buffer.byteLength <= LARGEST_EXCESS * capacityFor(byteLength);
    const index = this.#kept.findIndex(fits);
    return index < 0 ? undefined : this.#unkeep(index);
  }

  #allocate(byteLength: number): SharedArrayBuffer | undefined {
    const capacity = capacityFor(byteLength);
    if (this.#inUse >= this.#limits.frames || this.#bytesInUse + capacity > this.#limits.bytes) return undefined;
    while (this.#kept.length > 0 && !this.#hasRoomFor(capacity)) this.#unkeep(0);
    return new SharedArrayBuffer(capacity);
  }

  /** For one more buffer beside all there are. */
  #hasRoomFor(capacity: number): boolean {
    const { frames, bytes } = this.#limits;
    return this.#inUse + this.#kept.length < frames && this.#bytesInUse + this.#bytesKept + capacity <= bytes;
  }

  #unkeep(index: number): SharedArrayBuffer | undefined {
    const [buffer] = this.#kept.splice(index, 1);
    this.#bytesKept -= buffer?.byteLength ?? 0;
    return buffer;
  }

  #takeBack(buffer: SharedArrayBuffer): void {
    frameOnBuffer.delete(buffer);
    this.#inUse--;
    this.#bytesInUse -= buffer.byteLength;
    this.#kept.push(buffer);
    this.#bytesKept += buffer.byteLength;
  }
}

class PooledFrame implements Frame {
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  readonly #onLastRelease: () => void;
  #references = 1;

  constructor(
    readonly buffer: SharedArrayBuffer,
    byteLength: number,
    onLastRelease: () => void,
  ) {
    this.bytes = new Uint8Array(buffer, 0, byteLength);
    this.#onLastRelease = onLastRelease;
  }

  get references(): number {
    return this.#references;
  }

  retain(): this {
    this.#requireHeld();
    this.#references++;
    return this;
  }

  release(): void {
    this.#requireHeld();
    this.#references--;
    if (this.#references === 0) this.#onLastRelease();
  }

  #requireHeld(): void {
    if (this.#references > 0) return;
    throw new SensebindError(
      'FRAME_RELEASED',
      'Expected a frame that is still held, found one that went back to its pool',
      'Release a frame once for each acquire() and retain(), and do not use it afterwards.',
    );
  }
}

/** Whole pages, so that frames of nearly the same size reuse each other's memory. */
function capacityFor(byteLength: number): number {
  return Math.max(1, Math.ceil(byteLength / PAGE_BYTES)) * PAGE_BYTES;
}
