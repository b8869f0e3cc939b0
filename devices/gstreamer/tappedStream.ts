import type { Micros } from '../../runtime/clock';
import { parseTapLine, type TapBuffer, type TapFormat } from './tapLine';

/** A buffer of the pipeline, and the format of pictures that held when it came by. */
export interface AnnouncedBuffer extends TapBuffer {
  readonly format: TapFormat | undefined;
}

/** Takes buffers, in order. Bytes are only valid during the call. */
export interface BufferConsumer {
  /**
   * @param arrivedMicros - Monotonic: when the first was heard of it, its line or its first byte.
   * @returns What is wrong with the buffer, where it cannot be taken at all: nothing follows then.
   */
  begin(buffer: AnnouncedBuffer, arrivedMicros: Micros): string | undefined;
  /** @param position - Of the first byte in the buffer. */
  part(bytes: Uint8Array, position: number): void;
  end(): void;
  /**
   * The rest of the buffer that was begun, `position` bytes of which came, will never come.
   *
   * @returns How many of these bytes are of no use.
   */
  abandon(position: number): number;
}

/** Bytes kept before their line has come; reading rests from the first on, so that few more than one chunk come. */
const MOST_EARLY_BYTES = 2 ** 22;

/** Lines kept before their bytes come: a full pipe holds some hundred small buffers of sound. */
const MOST_ANNOUNCED = 4096;

/** Where bytes that came before their line are kept. */
interface Chunk {
  readonly start: number;
  readonly end: number;
  readonly arrivedMicros: Micros;
}

/**
 * Brings together what GStreamer writes in two places: the bytes of all buffers without any border between them, and a
 * line about each buffer. Either may come first. Any chunking of either gives the same buffers.
 */
export class TappedStream {
  readonly #consumer: BufferConsumer;
  readonly #broken: (reason: string) => void;
  #format: TapFormat | undefined;
  #announced: { readonly buffer: AnnouncedBuffer; readonly arrivedMicros: Micros }[] = [];
  #early: Chunk[] = [];
  /** Used again and again: nearly every picture begins before its line has come. */
  #earlyStore = new Uint8Array(0);
  #earlyBytes = 0;
  #current: { readonly bytes: number; position: number } | undefined;
  #resume: (() => void) | undefined;
  #isOver: boolean = false;

  /** @param broken - Called once, when lines and bytes do not fit together: nothing more is handed over then. */
  constructor(consumer: BufferConsumer, broken: (reason: string) => void) {
    this.#consumer = consumer;
    this.#broken = broken;
  }

  /** One line of standard output. */
  line(text: string, arrivedMicros: Micros): void {
    if (this.#isOver) return;
    const item = parseTapLine(text);
    if (item === undefined) return;
    if (item.kind === 'format') {
      this.#format = item;
      return;
    }
    // Nothing of it comes through the pipe.
    if (item.bytes === 0) return;
    if (this.#announced.length >= MOST_ANNOUNCED) {
      this.#break(`${MOST_ANNOUNCED} buffers without their bytes`);
      return;
    }
    this.#announced.push({ buffer: { ...item, format: this.#format }, arrivedMicros });
    this.#takeEarly();
  }

  append(bytes: Uint8Array, arrivedMicros: Micros): void {
    if (this.#isOver || bytes.length === 0) return;
    const used = this.#early.length > 0 ? 0 : this.#take(bytes, arrivedMicros);
    if (used === bytes.length || this.#isOver) return;
    this.#keep(bytes.subarray(used), arrivedMicros);
  }

  /** While bytes wait for their line, no more of them should be read. */
  rest(): Promise<void> | undefined {
    if (this.#early.length === 0 || this.#isOver) return undefined;
    return new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  /** Nothing more will come. Returns how many bytes of a buffer that was cut off are of no use. */
  finish(): number {
    const wasted = this.#current === undefined ? 0 : this.#consumer.abandon(this.#current.position);
    this.#close();
    return wasted;
  }

  #keep(bytes: Uint8Array, arrivedMicros: Micros): void {
    const start = this.#earlyBytes;
    const end = start + bytes.length;
    if (end > MOST_EARLY_BYTES) {
      this.#break(`${end} bytes that no line tells of`);
      return;
    }
    if (end > this.#earlyStore.length) {
      const larger = new Uint8Array(2 * end);
      larger.set(this.#earlyStore.subarray(0, start));
      this.#earlyStore = larger;
    }
    this.#earlyStore.set(bytes, start);
    this.#early.push({ start, end, arrivedMicros });
    this.#earlyBytes = end;
  }

  #takeEarly(): void {
    const waiting = this.#early;
    this.#early = [];
    this.#earlyBytes = 0;
    const store = this.#earlyStore;
    // What is kept again moves towards the start, to where bytes were taken already.
    for (const { start, end, arrivedMicros } of waiting) this.append(store.subarray(start, end), arrivedMicros);
    if (this.#early.length === 0) this.#wake();
  }

  /** Hands over what belongs to buffers that are known; returns how many bytes that were. */
  #take(bytes: Uint8Array, arrivedMicros: Micros): number {
    let used = 0;
    while (used < bytes.length && this.#begin(arrivedMicros)) {
      const current = this.#current;
      if (current === undefined) break;
      const part = bytes.subarray(used, used + current.bytes - current.position);
      this.#consumer.part(part, current.position);
      current.position += part.length;
      used += part.length;
      if (current.position === current.bytes) this.#end();
    }
    return used;
  }

  /** Makes the next announced buffer the current one, unless there is one; false when none is known. */
  #begin(arrivedMicros: Micros): boolean {
    if (this.#current !== undefined) return true;
    const next = this.#announced.shift();
    if (next === undefined || this.#isOver) return false;
    const problem = this.#consumer.begin(next.buffer, Math.min(next.arrivedMicros, arrivedMicros));
    if (problem !== undefined) {
      this.#break(problem);
      return false;
    }
    this.#current = { bytes: next.buffer.bytes, position: 0 };
    return true;
  }

  #end(): void {
    this.#current = undefined;
    this.#consumer.end();
  }

  #break(reason: string): void {
    this.finish();
    this.#broken(reason);
  }

  #close(): void {
    this.#isOver = true;
    this.#current = undefined;
    this.#announced = [];
    this.#early = [];
    this.#earlyBytes = 0;
    this.#wake();
  }

  #wake(): void {
    this.#resume?.();
    this.#resume = undefined;
  }
}
