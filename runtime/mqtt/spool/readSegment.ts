import { type FileHandle, open } from 'node:fs/promises';
import { type Found, recordAt, type SpoolRecord } from './record';
import { SEGMENT_HEADER_BYTES, type Segment } from './segmentFile';

/** Read at once; some hundred records. */
const CHUNK_BYTES = 2 ** 18;

/** What was read of a segment: records in their order, and between them places where bytes are damaged. */
export type SegmentPiece =
  | { readonly kind: 'record'; readonly record: SpoolRecord; readonly end: number }
  | { readonly kind: 'damaged'; readonly end: number };

/** Reads a segment piece by piece, never more than a chunk or one record at once. The file may grow meanwhile. */
export class SegmentReader {
  readonly segment: Segment;
  readonly #handle: FileHandle;
  /** Bytes of the file from `#start` on that were read and not yet handed out. */
  #chunk: Buffer = Buffer.alloc(0);
  #start = SEGMENT_HEADER_BYTES;
  #offset = 0;

  private constructor(segment: Segment, handle: FileHandle) {
    this.segment = segment;
    this.#handle = handle;
  }

  /** Throws the error of the system call, as `fill` does. */
  static async open(segment: Segment): Promise<SegmentReader> {
    return new SegmentReader(segment, await open(segment.file, 'r'));
  }

  /** Everything that is known to be whole has been handed out. */
  get isAtEnd(): boolean {
    return this.#start + this.#offset >= this.segment.bytes;
  }

  /** The next piece; `undefined` when more has to be read first. It is passed only when `take` is called. */
  peek(): SegmentPiece | undefined {
    if (this.#offset >= this.#chunk.length) return undefined;
    const found = recordAt(this.#chunk, this.#offset);
    if (found.kind !== 'partial') return piece(found, this.#start);
    const isLast = this.#start + this.#chunk.length >= this.segment.bytes;
    return isLast ? { kind: 'damaged', end: this.#start + this.#chunk.length } : undefined;
  }

  /** Passes a piece that `peek` gave. */
  take({ end }: SegmentPiece): void {
    this.#offset = end - this.#start;
  }

  /** Reads on, when `peek` gave nothing. */
  async fill(): Promise<void> {
    const position = this.#start + this.#offset;
    const rest = recordAt(this.#chunk, this.#offset);
    const wanted = Math.max(CHUNK_BYTES, rest.kind === 'partial' ? rest.bytes : 0);
    const chunk = Buffer.allocUnsafe(Math.max(0, Math.min(wanted, this.segment.bytes - position)));
    const { bytesRead } = await this.#handle.read(chunk, 0, chunk.length, position);
    this.#chunk = chunk.subarray(0, bytesRead);
    this.#start = position;
    this.#offset = 0;
    // Somebody cut the file.
    if (bytesRead === 0) this.segment.bytes = Math.min(this.segment.bytes, position);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

function piece(found: Exclude<Found, { kind: 'partial' }>, start: number): SegmentPiece {
  return { ...found, end: start + found.end };
}
