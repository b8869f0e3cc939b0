import type { SpoolRecord } from './record';
import type { RecordStamp } from './recordAge';

interface Mark {
  readonly sequence: number;
  readonly stamp: RecordStamp;
}

/** Marks are this far apart at least, twice as far whenever there are too many. */
const SHORTEST_PERIOD_MILLIS = 1000;
const MAX_MARKS = 256;

/** About when the records of a journal came, in little memory however many they are. */
export class AgeMarks {
  /** In order. */
  #marks: Mark[] = [];
  #periodMillis = SHORTEST_PERIOD_MILLIS;

  add({ sequence, boot, monotonicMillis, storedMillis }: SpoolRecord): void {
    this.put(sequence, { boot, monotonicMillis, storedMillis });
  }

  /** `stamp` may be that of a record near to the one with this sequence. */
  put(sequence: number, stamp: RecordStamp): void {
    const last = this.#marks.at(-1)?.stamp;
    const isNear = last?.boot === stamp.boot && stamp.monotonicMillis - last.monotonicMillis < this.#periodMillis;
    if (isNear) return;
    this.#marks.push({ sequence, stamp });
    if (this.#marks.length <= MAX_MARKS) return;
    this.#marks = this.#marks.filter((_, index) => index % 2 === 0);
    this.#periodMillis *= 2;
  }

  /** The stamp of the last mark up to a sequence, below which no record is left; what was before is forgotten. */
  at(sequence: number): RecordStamp | undefined {
    const index = this.#marks.findLastIndex((mark) => mark.sequence <= sequence);
    if (index > 0) this.#marks.splice(0, index);
    if (this.#marks.length <= 1) this.#periodMillis = SHORTEST_PERIOD_MILLIS;
    return this.#marks[0]?.stamp;
  }
}
