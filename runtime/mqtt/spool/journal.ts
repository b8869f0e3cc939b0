import { type FileHandle, open, rm } from 'node:fs/promises';
import { AgeMarks } from './ageMarks';
import { writeCursor } from './cursorFile';
import { JournalReader, type JournalView } from './journalReader';
import { encodeRecord, RECORD_HEADER_BYTES, type SpoolRecord } from './record';
import type { RecordAge } from './recordAge';
import { type RecoveredJournal, recoverJournal } from './recoverJournal';
import { appendAll, createSegment, moveAside, SEGMENT_HEADER_BYTES, type Segment } from './segmentFile';
import type { SequenceSet } from './sequenceSet';

export interface JournalOptions {
  readonly folder: string;
  readonly segmentBytes: number;
  readonly age: RecordAge;
  readonly lost: (reason: JournalLoss, records: number) => void;
}

export type JournalLoss = 'damaged' | 'expired' | 'unreadable';

/** Written and synced at once. */
const COMMIT_RECORDS = 1024;
const COMMIT_BYTES = 2 ** 22;

/** Of a process before. */
const UNKNOWN_BOOT = -1;

/** The segment that records are written to. */
interface Active {
  readonly segment: Segment;
  readonly handle: FileHandle;
}

/** A record that no file has yet, and its bytes there. */
interface Unwritten {
  readonly record: SpoolRecord;
  readonly bytes: Buffer;
}

/**
 * Messages of one priority in segment files, oldest first. Writing and reading may overlap; of each only one at a time.
 * Knows of each record only whether it is settled: delivered, given up or lost.
 */
export class Journal {
  readonly #options: JournalOptions;
  readonly #segments: Segment[];
  readonly #settled: SequenceSet;
  readonly #reader: JournalReader;
  readonly #unwritten = new Map<number, Unwritten>();
  readonly #garbage: Segment[] = [];
  readonly #ageMarks = new AgeMarks();
  #unwrittenBytes = 0;
  #next: number;
  /** Behind the last record that a file has. */
  #written: number;
  #active: Active | undefined;
  #isCursorOld: boolean = false;
  /** The last segment is of this process, or not to be gone on with. */
  #isOwn: boolean = false;

  private constructor(options: JournalOptions, { segments, settled, next, oldestMillis }: RecoveredJournal) {
    this.#options = options;
    this.#segments = segments;
    this.#settled = settled;
    this.#next = next;
    this.#written = next;
    this.#reader = new JournalReader(this.#view(), options.age);
    if (oldestMillis !== undefined) {
      this.#ageMarks.put(0, { boot: UNKNOWN_BOOT, monotonicMillis: 0, storedMillis: oldestMillis });
    }
  }

  /** Throws the error of the system call, where the folder cannot be read. */
  static async open(
    options: JournalOptions,
    isFresh: (record: SpoolRecord) => boolean,
  ): Promise<{ readonly journal: Journal; readonly recovered: RecoveredJournal }> {
    const recovered = await recoverJournal(options.folder, isFresh);
    return { journal: new Journal(options, recovered), recovered };
  }

  /** Sequence of the next record. */
  get next(): number {
    return this.#next;
  }

  /** Bytes on the disk. */
  get bytes(): number {
    return this.#segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get unwrittenRecords(): number {
    return this.#unwritten.size;
  }

  get unwrittenBytes(): number {
    return this.#unwrittenBytes;
  }

  /** Records that are not settled. */
  get records(): number {
    return this.#next - this.#settled.count(0, this.#next - 1);
  }

  /** About how old the oldest record is that is not settled; `undefined` where there is none, or nobody can know. */
  get oldestMillis(): number | undefined {
    if (this.records === 0) return undefined;
    const [first] = this.#settled.stretches;
    const stamp = this.#ageMarks.at(first?.[0] === 0 ? first[1] + 1 : 0);
    return stamp && this.#options.age.millis(stamp);
  }

  /** Something is left to be written, moved or removed. */
  get hasWork(): boolean {
    return this.#unwritten.size > 0 || this.#isCursorOld || this.#garbage.length > 0;
  }

  append(content: Pick<SpoolRecord, 'kind' | 'lifeSeconds' | 'body'>): SpoolRecord {
    const stamped = { ...content, ...this.#options.age.stamp(), sequence: this.#next };
    const bytes = encodeRecord(stamped);
    const record = { ...stamped, body: bytes.subarray(RECORD_HEADER_BYTES) };
    this.#unwritten.set(this.#next, { record, bytes });
    this.#ageMarks.add(record);
    this.#unwrittenBytes += bytes.length;
    this.#next++;
    return record;
  }

  /** The next records in order, from where the last call ended, with sequences smaller than `below`. */
  read(below: number): Promise<readonly SpoolRecord[]> {
    return this.#reader.read(below);
  }

  /** Whether `read` may find something. */
  hasMore(below: number): boolean {
    return this.#reader.hasMore(below);
  }

  isSettled(sequence: number): boolean {
    return this.#settled.has(sequence);
  }

  /** A record is dealt with: it is not read again, and when no file has it yet, none gets it. */
  settle(sequence: number): void {
    this.#settle(sequence, sequence);
  }

  /** Gives up the oldest record that no file has; returns whether there was one. */
  dropUnwritten(): boolean {
    for (const sequence of this.#unwritten.keys()) {
      this.#settle(sequence, sequence);
      return true;
    }
    return false;
  }

  /** Gives up the oldest segment; resolves to how many records that cost, or `undefined` when there is no segment. */
  async dropOldest(): Promise<number | undefined> {
    const [oldest] = this.#segments;
    if (!oldest) return undefined;
    if (oldest === this.#active?.segment) await this.#retire();
    const last = this.#lastOf(oldest);
    const lost = last - oldest.first + 1 - this.#settled.count(oldest.first, last);
    this.#settle(oldest.first, last);
    this.#remove(oldest);
    await this.#removeGarbage();
    return lost;
  }

  /** Whether a record that was appended before `sequence` is in no file yet. */
  hasUnwritten(sequence: number): boolean {
    const [oldest] = this.#unwritten.keys();
    return oldest !== undefined && oldest < sequence;
  }

  /** Bytes that the next commit would write. */
  get commitBytes(): number {
    return this.#batch().reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  /**
   * Writes a batch of what no file has, and waits until the disk has it. Throws the error of the system call; what was
   * not written stays in memory then.
   */
  async commit(): Promise<void> {
    const batch = this.#batch();
    const [first] = batch;
    if (!first) return;
    const active = await this.#activeFor(first.record.sequence);
    const { segment, handle } = active;
    const pieces = batch.map(({ bytes }) => bytes);
    try {
      await appendAll(handle, pieces, segment.bytes);
      await handle.datasync();
    } catch (error) {
      // After a failed sync nobody knows what the disk has: the same records go into another file.
      await handle.truncate(segment.bytes).catch(() => undefined);
      await this.#retire();
      throw error;
    }
    segment.bytes += pieces.reduce((sum, { length }) => sum + length, 0);
    for (const { record } of batch) {
      this.#forget(record.sequence);
      this.#written = record.sequence + 1;
      // Delivered while it was being written.
      if (this.#settled.has(record.sequence)) this.#isCursorOld = true;
    }
    if (segment.bytes >= this.#options.segmentBytes) await this.#retire();
  }

  /** Removes what is dealt with, and notes how far that is. Throws the error of the system call. */
  async tidy(): Promise<void> {
    await this.#removeGarbage();
    if (!this.#isCursorOld) return;
    this.#isCursorOld = false;
    try {
      await writeCursor(this.#options.folder, this.#settled);
    } catch (error) {
      this.#isCursorOld = true;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#reader.close();
    await this.#retire();
  }

  #batch(): readonly Unwritten[] {
    const batch: Unwritten[] = [];
    let bytes = 0;
    for (const unwritten of this.#unwritten.values()) {
      if (batch.length === COMMIT_RECORDS || bytes > COMMIT_BYTES) break;
      batch.push(unwritten);
      bytes += unwritten.bytes.length;
    }
    return batch;
  }

  async #activeFor(sequence: number): Promise<Active> {
    this.#active ??= (await this.#goOn()) ?? (await this.#begin(sequence));
    return this.#active;
  }

  /** The last segment of the process before, as long as there is room in it. */
  async #goOn(): Promise<Active | undefined> {
    const segment = this.#segments.at(-1);
    if (this.#isOwn || !segment || segment.bytes >= this.#options.segmentBytes) return undefined;
    return { segment, handle: await open(segment.file, 'r+') };
  }

  async #begin(sequence: number): Promise<Active> {
    const created = await createSegment(this.#options.folder, sequence);
    this.#isOwn = true;
    // A file without a record, left over from an error.
    const last = this.#segments.at(-1);
    if (last && (last.first === sequence || last.bytes <= SEGMENT_HEADER_BYTES)) this.#remove(last);
    this.#segments.push(created.segment);
    return created;
  }

  /** The last segment gets no more records. */
  async #retire(): Promise<void> {
    const active = this.#active;
    this.#active = undefined;
    this.#isOwn = true;
    await active?.handle.close();
    if (active) this.#removeIfSettled(active.segment);
  }

  #settle(first: number, last: number): void {
    this.#settled.add(first, last);
    for (let sequence = Math.max(first, this.#written); sequence <= last; sequence++) this.#forget(sequence);
    if (first >= this.#written) return;
    this.#isCursorOld = true;
    const segment = this.#segments.findLast((candidate) => candidate.first <= last);
    if (segment) this.#removeIfSettled(segment);
  }

  #forget(sequence: number): void {
    const unwritten = this.#unwritten.get(sequence);
    if (!unwritten) return;
    this.#unwritten.delete(sequence);
    this.#unwrittenBytes -= unwritten.bytes.length;
  }

  #removeIfSettled(segment: Segment): void {
    if (segment === this.#active?.segment) return;
    if (this.#settled.covers(segment.first, this.#lastOf(segment))) this.#remove(segment);
  }

  /** The last sequence that may stand in a segment. */
  #lastOf(segment: Segment): number {
    return (this.#segments[this.#segments.indexOf(segment) + 1]?.first ?? this.#written) - 1;
  }

  #remove(segment: Segment): void {
    const index = this.#segments.indexOf(segment);
    if (index < 0) return;
    this.#segments.splice(index, 1);
    this.#garbage.push(segment);
  }

  async #removeGarbage(): Promise<void> {
    for (let segment = this.#garbage.shift(); segment; segment = this.#garbage.shift()) {
      // A file of the same name may have been begun anew.
      const { first, file } = segment;
      if (!this.#segments.some((other) => other.first === first)) await rm(file, { force: true });
    }
  }

  #view(): JournalView {
    const journal = this;
    return {
      segments: this.#segments,
      settled: this.#settled,
      get next() {
        return journal.#next;
      },
      *unwritten() {
        for (const { record } of journal.#unwritten.values()) yield record;
      },
      settle: (first, last) => this.#settle(first, last),
      lost: (reason, records) => this.#options.lost(reason, records),
      unreadable: (segment) => this.#setAside(segment),
    };
  }

  async #setAside(segment: Segment): Promise<void> {
    if (segment === this.#active?.segment) await this.#retire();
    const last = this.#lastOf(segment);
    const index = this.#segments.indexOf(segment);
    if (index >= 0) this.#segments.splice(index, 1);
    this.#options.lost('unreadable', last - segment.first + 1 - this.#settled.count(segment.first, last));
    await moveAside(segment.file);
    this.#settle(segment.first, last);
  }
}
