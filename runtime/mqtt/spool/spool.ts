import { randomInt } from 'node:crypto';
import path from 'node:path';
import type { Clock, Millis, Timer } from '../../clock';
import { messageOf, SensebindError } from '../../errors';
import { diskProblem } from './diskProblem';
import { Journal, type JournalLoss } from './journal';
import { MAX_BODY_BYTES, RECORD_HEADER_BYTES, type SpoolRecord } from './record';
import { RecordAge } from './recordAge';

/** From the first that is dropped to the last. */
export const SPOOL_PRIORITIES = ['low', 'normal', 'high'] as const;
export type SpoolPriority = (typeof SPOOL_PRIORITIES)[number];

export interface SpoolOptions {
  /** Its own, for this node only. */
  readonly folder: string;
  readonly clock: Clock;
  /** Most bytes on the disk. Default 256 MiB. */
  readonly maxBytes?: number;
  /** Size from which on a new file is begun; what is dropped is a whole file. Default 16 MiB, or an eighth of `maxBytes`. */
  readonly segmentBytes?: number;
  readonly onEvent?: (event: SpoolEvent) => void;
}

export type SpoolEvent =
  /** The disk takes nothing at the moment; told once until `recovered`. */
  | { readonly kind: 'failed'; readonly error: SensebindError }
  | { readonly kind: 'recovered' }
  /** Files that cannot be read by this version, or at all, and where they are now. */
  | { readonly kind: 'set-aside'; readonly files: readonly string[] };

/** A message in the spool. */
export interface Spooled {
  readonly priority: SpoolPriority;
  readonly record: SpoolRecord;
}

/**
 * Why messages are lost: `quota` (the oldest of the lowest priority, for newer ones), `unwritten` (the disk took nothing
 * for too long), `expired`, `damaged` and `unreadable` (on the disk), `oversize`.
 */
export type SpoolDrop = 'quota' | 'unwritten' | 'oversize' | JournalLoss;

export interface SpoolCounters {
  readonly appended: number;
  /** Not yet delivered or given up. */
  readonly records: number;
  readonly bytes: number;
  readonly unwritten: number;
  /** About how long the oldest has waited; `undefined` where none does. */
  readonly oldestMillis: number | undefined;
  readonly drops: Readonly<Record<SpoolDrop, number>>;
  /** Bytes of torn records that were cut off at the start. */
  readonly cutBytes: number;
}

/** What a loss of power may cost (reference/mqtt.md §4.6), half of it left to the disk itself. */
const COMMIT_WITHIN = 100 as Millis;
const COMMIT_RECORDS = 256;

/** What waits for a disk that takes nothing. */
const MAX_UNWRITTEN_RECORDS = 8192;
const MAX_UNWRITTEN_BYTES = 2 ** 23;

const FIRST_RETRY = 1000;
const LONGEST_RETRY = 30_000;

/** Younger messages count as live after a restart. */
export const LIVE_MILLIS = 30_000;

const MIB = 2 ** 20;

/**
 * Messages that must arrive, kept in files until they have (reference/mqtt.md §4.6). One journal a priority. Nothing here
 * blocks or throws: what cannot be written waits in memory, within limits, and every loss is counted by its reason.
 */
export class Spool {
  readonly #journals: ReadonlyMap<SpoolPriority, Journal>;
  readonly #options: SpoolOptions;
  readonly #maxBytes: number;
  readonly #drops: Record<SpoolDrop, number>;
  readonly #cutBytes: number;
  readonly age: RecordAge;
  #appended = 0;
  #timer: Timer | undefined;
  #working: Promise<void> | undefined;
  readonly #reading = new Set<Promise<unknown>>();
  #isClosed: boolean = false;
  #failures = 0;
  #error: SensebindError | undefined;

  private constructor(options: SpoolOptions, parts: Parts) {
    this.#options = options;
    this.#journals = parts.journals;
    this.#drops = parts.drops;
    this.#cutBytes = parts.cutBytes;
    this.#maxBytes = maxBytesOf(options);
    this.age = parts.age;
  }

  /**
   * Takes up what is in the folder. `fresh`: messages that another process left less than 30 s ago, the oldest first.
   *
   * @throws {SensebindError} `FILE_UNREADABLE` where the folder cannot be made or read.
   */
  static async open(options: SpoolOptions): Promise<{ readonly spool: Spool; readonly fresh: readonly Spooled[] }> {
    const age = new RecordAge(options.clock, randomInt(2 ** 32));
    const drops = { quota: 0, unwritten: 0, oversize: 0, damaged: 0, expired: 0, unreadable: 0 };
    const journals = new Map<SpoolPriority, Journal>();
    const fresh: Spooled[] = [];
    const setAside: string[] = [];
    let cutBytes = 0;
    for (const priority of SPOOL_PRIORITIES) {
      const { journal, recovered } = await openJournal(options, { priority, age, drops });
      journals.set(priority, journal);
      fresh.push(...recovered.fresh.map((record) => ({ priority, record })));
      setAside.push(...recovered.setAside);
      cutBytes += recovered.cutBytes;
    }
    if (setAside.length > 0) options.onEvent?.({ kind: 'set-aside', files: setAside });
    return { spool: new Spool(options, { journals, drops, cutBytes, age }), fresh };
  }

  counters(): SpoolCounters {
    const journals = [...this.#journals.values()];
    return {
      appended: this.#appended,
      records: journals.reduce((sum, { records }) => sum + records, 0),
      bytes: journals.reduce((sum, { bytes }) => sum + bytes, 0),
      unwritten: journals.reduce((sum, { unwrittenRecords }) => sum + unwrittenRecords, 0),
      oldestMillis: journals.reduce<number | undefined>(
        (oldest, journal) => maximum(oldest, journal.oldestMillis),
        undefined,
      ),
      drops: { ...this.#drops },
      cutBytes: this.#cutBytes,
    };
  }

  /** Why the disk takes nothing at the moment. */
  get error(): SensebindError | undefined {
    return this.#error;
  }

  /** Sequence of the next message of a priority. */
  next(priority: SpoolPriority): number {
    return this.#journal(priority).next;
  }

  /** Keeps a message; it is on the disk 200 ms later. `undefined`: too large, dropped and counted. */
  append(priority: SpoolPriority, content: Pick<SpoolRecord, 'kind' | 'lifeSeconds' | 'body'>): Spooled | undefined {
    if (content.body.length > MAX_BODY_BYTES) {
      this.#drops.oversize++;
      return undefined;
    }
    const record = this.#journal(priority).append(content);
    this.#appended++;
    this.#bound();
    this.#schedule();
    return { priority, record };
  }

  /** The next messages of a priority in order, from where the last call ended, with sequences smaller than `below`. */
  async read(priority: SpoolPriority, below: number): Promise<readonly Spooled[]> {
    if (this.#isClosed) return [];
    const reading = this.#journal(priority).read(below);
    this.#reading.add(reading);
    try {
      const records = await reading;
      return records.map((record) => ({ priority, record }));
    } catch (error) {
      this.#failed(error);
      return [];
    } finally {
      this.#reading.delete(reading);
      this.#schedule();
    }
  }

  /** Whether `read` may find something. */
  hasMore(priority: SpoolPriority, below: number): boolean {
    return this.#journal(priority).hasMore(below);
  }

  isSettled({ priority, record }: Spooled): boolean {
    return this.#journal(priority).isSettled(record.sequence);
  }

  /** A message was delivered, or given up: it is not read again. */
  settle({ priority, record }: Spooled): void {
    this.#journal(priority).settle(record.sequence);
    this.#schedule();
  }

  /**
   * Resolves when the disk has all that was appended before.
   *
   * @throws {SensebindError} `DISK_FULL` or `FILE_UNWRITABLE`.
   */
  async flush(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.#working;
    await this.#work();
    if (this.#error) throw this.#error;
  }

  /** Writes what it can, and closes the files. Always ends. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#reading);
    await this.flush().catch(() => undefined);
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const journal of this.#journals.values()) await journal.close();
  }

  #journal(priority: SpoolPriority): Journal {
    const journal = this.#journals.get(priority);
    if (journal) return journal;
    throw new SensebindError('INTERNAL', `expected a journal of priority ${priority}, found none`, 'report this');
  }

  /** Disks that take nothing must not cost the memory. */
  #bound(): void {
    const journals = [...this.#journals.values()];
    const isTooMuch = (): boolean =>
      journals.reduce((sum, { unwrittenRecords }) => sum + unwrittenRecords, 0) > MAX_UNWRITTEN_RECORDS ||
      journals.reduce((sum, { unwrittenBytes }) => sum + unwrittenBytes, 0) > MAX_UNWRITTEN_BYTES;
    while (isTooMuch() && journals.some((journal) => journal.dropUnwritten())) this.#drops.unwritten++;
  }

  #schedule(): void {
    const journals = [...this.#journals.values()];
    if (this.#isClosed || !journals.some(({ hasWork }) => hasWork)) return;
    const isFull = journals.some(({ unwrittenRecords }) => unwrittenRecords >= COMMIT_RECORDS);
    if (isFull && !this.#error && !this.#working) {
      this.#timer?.cancel();
      this.#timer = undefined;
      void this.#work();
      return;
    }
    if (this.#timer || this.#working) return;
    const retry = Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** Math.min(this.#failures - 1, 30));
    this.#timer = this.#options.clock.setTimer(
      this.#failures > 0 ? (retry as Millis) : COMMIT_WITHIN,
      () => {
        this.#timer = undefined;
        void this.#work();
      },
      { background: true },
    );
  }

  /** One at a time: a second call while one runs has the first one's result. */
  #work(): Promise<void> {
    this.#working ??= this.#commitAll().finally(() => {
      this.#working = undefined;
      this.#schedule();
    });
    return this.#working;
  }

  /** What one journal cannot do does not keep the others from it. */
  async #commitAll(): Promise<void> {
    let problem: unknown;
    // The most important first; removing before writing, as that makes room.
    for (const priority of SPOOL_PRIORITIES.toReversed()) {
      for (const step of [() => this.#journal(priority).tidy(), () => this.#commit(priority)]) {
        await step().catch((error: unknown) => {
          problem ??= error;
        });
      }
    }
    if (problem !== undefined) return this.#failed(problem);
    if (this.#error) this.#options.onEvent?.({ kind: 'recovered' });
    this.#error = undefined;
    this.#failures = 0;
  }

  /** Writes what was appended before now; what comes meanwhile waits for its own time, so that few syncs do. */
  async #commit(priority: SpoolPriority): Promise<void> {
    const journal = this.#journal(priority);
    const end = journal.next;
    while (journal.hasUnwritten(end)) {
      if (await this.#makeRoom(priority, journal.commitBytes)) await journal.commit();
    }
  }

  /** Drops the oldest messages of this priority or lower ones, until there is room; false when there cannot be. */
  async #makeRoom(priority: SpoolPriority, bytes: number): Promise<boolean> {
    const droppable = SPOOL_PRIORITIES.slice(0, SPOOL_PRIORITIES.indexOf(priority) + 1);
    for (const victim of droppable) {
      while (this.counters().bytes + bytes + RECORD_HEADER_BYTES > this.#maxBytes) {
        const lost = await this.#journal(victim).dropOldest();
        if (lost === undefined) break;
        this.#drops.quota += lost;
      }
    }
    if (this.counters().bytes + bytes + RECORD_HEADER_BYTES <= this.#maxBytes) return true;
    if (this.#journal(priority).dropUnwritten()) this.#drops.quota++;
    return false;
  }

  #failed(error: unknown): void {
    this.#failures++;
    const isNew = this.#error === undefined;
    this.#error = diskProblem(this.#options.folder, error);
    if (isNew) this.#options.onEvent?.({ kind: 'failed', error: this.#error });
  }
}

interface Parts {
  readonly journals: ReadonlyMap<SpoolPriority, Journal>;
  readonly drops: Record<SpoolDrop, number>;
  readonly cutBytes: number;
  readonly age: RecordAge;
}

async function openJournal(
  options: SpoolOptions,
  parts: { readonly priority: SpoolPriority; readonly age: RecordAge; readonly drops: Record<SpoolDrop, number> },
): ReturnType<typeof Journal.open> {
  const { age, drops, priority } = parts;
  const folder = path.join(options.folder, priority);
  const segmentBytes = options.segmentBytes ?? Math.min(16 * MIB, Math.floor(maxBytesOf(options) / 8));
  const lost = (reason: JournalLoss, records: number): void => {
    drops[reason] += records;
  };
  const isFresh = (record: SpoolRecord): boolean => (age.millis(record) ?? Number.POSITIVE_INFINITY) < LIVE_MILLIS;
  try {
    return await Journal.open({ folder, segmentBytes, age, lost }, isFresh);
  } catch (error) {
    throw new SensebindError(
      'FILE_UNREADABLE',
      `expected a folder for the spool at ${folder}, found: ${messageOf(error)}`,
      'check its permissions, or choose another folder',
      { cause: error },
    );
  }
}

function maximum(left: number | undefined, right: number | undefined): number | undefined {
  return left === undefined || right === undefined ? (left ?? right) : Math.max(left, right);
}

function maxBytesOf({ maxBytes }: SpoolOptions): number {
  return maxBytes ?? 256 * MIB;
}
