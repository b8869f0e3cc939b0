import { messageOf } from '../../errors';
import { SegmentReader } from './readSegment';
import type { SpoolRecord } from './record';
import type { RecordAge } from './recordAge';
import type { Segment } from './segmentFile';
import type { SequenceSet } from './sequenceSet';

/** What the reader sees of its journal. */
export interface JournalView {
  /** Oldest first; the last one may grow. */
  readonly segments: readonly Segment[];
  readonly settled: SequenceSet;
  /** Records that no file has yet, oldest first. */
  unwritten(): Iterable<SpoolRecord>;
  /** Sequence of the next record that will be appended. */
  readonly next: number;
  settle(first: number, last: number): void;
  lost(reason: 'damaged' | 'expired', records: number): void;
  /** A segment that the system cannot read: it stays on the disk. */
  unreadable(segment: Segment, message: string): Promise<void>;
}

/** Records handed out at once. */
const BATCH = 256;

/** Goes through a journal once, oldest record first. */
export class JournalReader {
  readonly #view: JournalView;
  readonly #age: RecordAge;
  #current: SegmentReader | undefined;
  /** Behind the last record that was passed. */
  #expected = 0;
  /** Damage since the last record. */
  #isDamaged: boolean = false;

  constructor(view: JournalView, age: RecordAge) {
    this.#view = view;
    this.#age = age;
  }

  /** Whether there may be a record to read whose sequence is smaller than `below`. */
  hasMore(below: number): boolean {
    return !this.#view.settled.covers(this.#expected, Math.min(below, this.#view.next) - 1);
  }

  /**
   * The next records whose sequence is smaller than `below`; none when there are no more at the moment. Passes what is
   * dealt with, expired or damaged.
   */
  async read(below: number): Promise<readonly SpoolRecord[]> {
    while (this.hasMore(below)) {
      const reader = await this.#open();
      const records: SpoolRecord[] = [];
      // What is written meanwhile is no longer in memory: nothing may be awaited before it is looked at there.
      if (reader === undefined) {
        if (this.#view.segments.length === 0) return this.#fromMemory(below);
        continue;
      }
      if (this.#collect(reader, { below, records }) === 'stop' || records.length > 0) return records;
      const next = this.#view.segments[this.#view.segments.indexOf(reader.segment) + 1];
      if (!reader.isAtEnd) await this.#fill(reader);
      else if (!next) return this.#fromMemory(below);
      else {
        this.#pass(next.first);
        await this.close();
      }
    }
    return [];
  }

  async close(): Promise<void> {
    await this.#current?.close();
    this.#current = undefined;
  }

  /** The reader of the segment that is read now, or of the next one. */
  async #open(): Promise<SegmentReader | undefined> {
    const { segments } = this.#view;
    if (this.#current && segments.includes(this.#current.segment)) return this.#current;
    // Its segment was dropped.
    await this.close();
    const segment =
      segments.find(({ first }, index) => (segments[index + 1]?.first ?? first) > this.#expected) ?? segments.at(-1);
    if (!segment) return undefined;
    this.#expected = Math.max(this.#expected, segment.first);
    try {
      this.#current = await SegmentReader.open(segment);
    } catch (error) {
      await this.#view.unreadable(segment, messageOf(error));
      return this.#open();
    }
    return this.#current;
  }

  async #fill(reader: SegmentReader): Promise<void> {
    try {
      await reader.fill();
    } catch (error) {
      await this.#view.unreadable(reader.segment, messageOf(error));
    }
  }

  #collect(
    reader: SegmentReader,
    { below, records }: { readonly below: number; readonly records: SpoolRecord[] },
  ): 'stop' | 'more' {
    const { segments } = this.#view;
    const end = segments[segments.indexOf(reader.segment) + 1]?.first ?? Number.POSITIVE_INFINITY;
    for (let piece = reader.peek(); piece && records.length < BATCH; piece = reader.peek()) {
      if (piece.kind === 'damaged') this.#isDamaged = true;
      else {
        const { record } = piece;
        if (record.sequence >= below) return 'stop';
        // Others were written again elsewhere, after an error.
        if (record.sequence >= this.#expected && record.sequence < end) this.#accept(record, records);
      }
      reader.take(piece);
    }
    return 'more';
  }

  #accept(record: SpoolRecord, records: SpoolRecord[]): void {
    this.#pass(record.sequence);
    this.#expected = record.sequence + 1;
    if (this.#view.settled.has(record.sequence)) return;
    if (!this.#age.isExpired(record)) {
      records.push(record);
      return;
    }
    this.#view.lost('expired', 1);
    this.#view.settle(record.sequence, record.sequence);
  }

  /** Nothing stands between what was expected and `sequence`: delivered before it was written, or damaged. */
  #pass(sequence: number): void {
    const missing = sequence - this.#expected;
    if (missing > 0) {
      const lost = missing - this.#view.settled.count(this.#expected, sequence - 1);
      if (this.#isDamaged && lost > 0) this.#view.lost('damaged', lost);
      this.#view.settle(this.#expected, sequence - 1);
      this.#expected = sequence;
    }
    this.#isDamaged = false;
  }

  #fromMemory(below: number): readonly SpoolRecord[] {
    const records: SpoolRecord[] = [];
    for (const record of this.#view.unwritten()) {
      if (records.length === BATCH || record.sequence >= below) break;
      if (record.sequence >= this.#expected) this.#accept(record, records);
    }
    return records;
  }
}
