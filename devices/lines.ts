import { ByteQueue } from './byteQueue';

/** A line of text, or bytes that made none. Each byte that was appended comes out once. */
export type Line =
  | {
      readonly kind: 'line';
      /** Without its end; UTF-8. */
      readonly text: string;
      /** Its length in the stream, with its end. */
      readonly bytes: number;
      /** The first line of a stream may be the end of one that began before. */
      readonly isFirst: boolean;
    }
  | { readonly kind: 'discarded'; readonly bytes: number };

const NEWLINE = 0x0a;

/** Cuts a stream of bytes into lines that end in `\n` or `\r\n`. A line that is longer than the limit is discarded. */
export class LineParser {
  readonly #queue = new ByteQueue();
  readonly #limitBytes: number;
  /** In the middle of a line that is too long. */
  #isOverlong: boolean = false;
  #isFirst: boolean = true;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Bytes of a line whose end has not come yet. */
  get pending(): number {
    return this.#queue.length;
  }

  append(bytes: Uint8Array): void {
    this.#queue.append(bytes);
  }

  next(): Line | undefined {
    const end = this.#queue.indexOf(NEWLINE);
    const isWhole = end < this.#queue.length;
    const bytes = isWhole ? end + 1 : end;
    if (this.#isOverlong || bytes > this.#limitBytes) {
      this.#isOverlong = !isWhole;
      this.#isFirst = false;
      this.#queue.skip(bytes);
      return bytes === 0 ? undefined : { kind: 'discarded', bytes };
    }
    if (!isWhole) return undefined;
    const text = this.#queue.view(0, end).toString('utf8').replace(/\r$/, '');
    this.#queue.skip(bytes);
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    return { kind: 'line', text, bytes, isFirst };
  }
}
