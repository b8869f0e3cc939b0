import path from 'node:path';
import { FolderLock } from '../../folderLock';
import type { Message } from '../message';
import {
  LIVE_MILLIS,
  SPOOL_PRIORITIES,
  Spool,
  type SpoolCounters,
  type Spooled,
  type SpoolOptions,
  type SpoolPriority,
} from '../spool/spool';
import { DeadLetters } from './deadLetters';
import { asHistorical, decodeOutgoing, encodeOutgoing, MESSAGE_KIND, type OutgoingMessage } from './spooledMessage';

export interface OutboxOptions extends SpoolOptions {
  /** After which a message is given up. Default: 7 days. 0: never. */
  readonly lifeSeconds?: number;
}

/** A message to be sent now. Given back by `delivered`, `refused` or `interrupted`. */
export interface OutboxItem {
  readonly topic: string;
  readonly message: Message;
  readonly spooled: Spooled;
}

export interface OutboxCounters extends SpoolCounters {
  readonly delivered: number;
  readonly deadLetters: number;
  readonly unwrittenDeadLetters: number;
}

/** Messages of one priority that count as live. */
const MAX_LIVE = 1024;
const MAX_LIVE_BYTES = 2 ** 22;

/** Read on when fewer late messages than this are in memory. */
const FEW_LATE = 128;

const WEEK_SECONDS = 7 * 24 * 3600;

interface Opened {
  readonly spool: Spool;
  /** What the spool took up that is young enough to count as live. */
  readonly fresh: readonly Spooled[];
  readonly lock: FolderLock;
}

/** The two ways of one priority, each in its order. */
interface Lanes {
  /** By sequence, without a gap to the newest message. */
  live: Map<number, Spooled>;
  readonly liveInFlight: Map<number, Spooled>;
  liveBytes: number;
  /** What was read from the spool. */
  late: Spooled[];
  readonly lateInFlight: Map<number, Spooled>;
  isReading: boolean;
}

/**
 * Messages that must arrive, on their way from those who post them to the link. Young ones go to their live topic, in
 * order; what waited longer than 30 s, or was overtaken by too many others, goes to its backfill topic, in order, and
 * only while no live one waits (reference/mqtt.md §4.6). All stand in the spool until the broker has them.
 */
export class Outbox {
  readonly #spool: Spool;
  readonly #lock: FolderLock;
  readonly #deadLetters: DeadLetters;
  readonly #lifeSeconds: number;
  readonly #lanes: ReadonlyMap<SpoolPriority, Lanes>;
  #onReady = (): void => undefined;
  #delivered = 0;

  private constructor({ spool, fresh, lock }: Opened, options: OutboxOptions) {
    this.#spool = spool;
    this.#lock = lock;
    this.#lifeSeconds = options.lifeSeconds ?? WEEK_SECONDS;
    this.#deadLetters = new DeadLetters({
      file: path.join(options.folder, 'dead-letters.jsonl'),
      clock: options.clock,
    });
    this.#lanes = new Map(SPOOL_PRIORITIES.map((priority) => [priority, emptyLanes()]));
    for (const spooled of fresh) this.#addLive(spooled);
  }

  /**
   * Takes up what another process left in the folder.
   *
   * @throws {SensebindError} `FOLDER_IN_USE` where another process sends from this folder; `FILE_UNREADABLE`, as
   * {@link Spool.open}.
   */
  static async open(options: OutboxOptions): Promise<Outbox> {
    const lock = await FolderLock.take(options.folder);
    try {
      return new Outbox({ ...(await Spool.open(options)), lock }, options);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  counters(): OutboxCounters {
    const { count, unwritten } = this.#deadLetters.counters();
    return {
      ...this.#spool.counters(),
      delivered: this.#delivered,
      deadLetters: count,
      unwrittenDeadLetters: unwritten,
    };
  }

  /** `onReady` is called whenever there may be something new to send. */
  attach(onReady: () => void): void {
    this.#onReady = onReady;
  }

  /** Keeps a message until it has arrived. */
  post(priority: SpoolPriority, outgoing: OutgoingMessage): void {
    const body = encodeOutgoing(outgoing);
    const spooled = this.#spool.append(priority, { kind: MESSAGE_KIND, lifeSeconds: this.#lifeSeconds, body });
    if (spooled) {
      this.#addLive(spooled);
      this.#onReady();
      return;
    }
    const { topic, message } = outgoing;
    const { payload, properties } = message;
    this.#deadLetters.add({
      topic,
      reason: 'larger than 1 MiB',
      payload: payload.subarray(0, 1024),
      text: properties.text,
    });
  }

  /** The next message to send, of the highest priority; live ones first. */
  next(which: 'all' | 'live' = 'all'): OutboxItem | undefined {
    for (const lanes of this.#byPriority()) {
      this.#age(lanes);
      for (const [sequence, spooled] of lanes.live) {
        this.#removeLive(lanes, sequence);
        lanes.liveInFlight.set(sequence, spooled);
        const item = this.#open(spooled, 'live');
        if (item) return item;
      }
    }
    if (which === 'live') return undefined;
    for (const [priority, lanes] of [...this.#lanes].toReversed()) {
      for (let spooled = lanes.late.shift(); spooled; spooled = lanes.late.shift()) {
        // Dropped meanwhile, for newer ones.
        if (this.#spool.isSettled(spooled)) continue;
        lanes.lateInFlight.set(spooled.record.sequence, spooled);
        const item = this.#open(spooled, 'late');
        if (item) {
          this.#readOn(priority, lanes);
          return item;
        }
      }
      this.#readOn(priority, lanes);
    }
    return undefined;
  }

  /** The broker has it. */
  delivered({ spooled }: OutboxItem): void {
    this.#delivered++;
    this.#done(spooled);
  }

  /** The broker will never take it. */
  refused({ topic, message, spooled }: OutboxItem, reason: string): void {
    this.#deadLetters.add({ topic, reason, payload: message.payload, text: message.properties.text });
    this.#done(spooled);
  }

  /** The connection is gone: what was in flight is sent again, first. Returns how many these are. */
  interrupted(): number {
    let count = 0;
    for (const lanes of this.#byPriority()) {
      count += lanes.liveInFlight.size + lanes.lateInFlight.size;
      lanes.live = new Map([...lanes.liveInFlight, ...lanes.live]);
      for (const { record } of lanes.liveInFlight.values()) lanes.liveBytes += record.body.length;
      lanes.liveInFlight.clear();
      lanes.late.unshift(...lanes.lateInFlight.values());
      lanes.lateInFlight.clear();
    }
    return count;
  }

  /** Resolves when the disk has all that was posted before. @throws {SensebindError} `DISK_FULL`, `FILE_UNWRITABLE` */
  flush(): Promise<void> {
    return this.#spool.flush();
  }

  /** Writes what it can and closes the files. Always ends. */
  async close(): Promise<void> {
    this.#onReady = () => undefined;
    try {
      await this.#spool.close();
      await this.#deadLetters.flush();
    } finally {
      await this.#lock.release();
    }
  }

  #byPriority(): readonly Lanes[] {
    return [...this.#lanes.values()].toReversed();
  }

  #lanesOf(priority: SpoolPriority): Lanes {
    return this.#lanes.get(priority) ?? emptyLanes();
  }

  #addLive(spooled: Spooled): void {
    const lanes = this.#lanesOf(spooled.priority);
    lanes.live.set(spooled.record.sequence, spooled);
    lanes.liveBytes += spooled.record.body.length;
    for (const sequence of lanes.live.keys()) {
      if (lanes.live.size <= MAX_LIVE && lanes.liveBytes <= MAX_LIVE_BYTES) return;
      this.#removeLive(lanes, sequence);
    }
  }

  /** It is on its way, or will be read from the spool. */
  #removeLive(lanes: Lanes, sequence: number): void {
    lanes.liveBytes -= lanes.live.get(sequence)?.record.body.length ?? 0;
    lanes.live.delete(sequence);
  }

  #age(lanes: Lanes): void {
    for (const [sequence, { record }] of lanes.live) {
      const age = this.#spool.age.millis(record);
      if (age !== undefined && age < LIVE_MILLIS) return;
      this.#removeLive(lanes, sequence);
    }
  }

  #open(spooled: Spooled, lane: 'live' | 'late'): OutboxItem | undefined {
    const { record } = spooled;
    const outgoing = record.kind === MESSAGE_KIND ? decodeOutgoing(record.body) : undefined;
    if (outgoing) {
      const { topic, lateTopic, message } = outgoing;
      return lane === 'live'
        ? { topic, message, spooled }
        : { topic: lateTopic, message: asHistorical(message), spooled };
    }
    const reason = `a record of kind ${record.kind} that this version cannot read`;
    this.#deadLetters.add({ topic: '', reason, payload: record.body, text: false });
    this.#done(spooled);
    return undefined;
  }

  #done(spooled: Spooled): void {
    const lanes = this.#lanesOf(spooled.priority);
    lanes.liveInFlight.delete(spooled.record.sequence);
    lanes.lateInFlight.delete(spooled.record.sequence);
    this.#spool.settle(spooled);
  }

  #readOn(priority: SpoolPriority, lanes: Lanes): void {
    if (lanes.isReading || lanes.late.length >= FEW_LATE) return;
    const [oldestInFlight = Number.POSITIVE_INFINITY] = lanes.liveInFlight.keys();
    const [oldestLive = Number.POSITIVE_INFINITY] = lanes.live.keys();
    const below = Math.min(oldestInFlight, oldestLive, this.#spool.next(priority));
    if (!this.#spool.hasMore(priority, below)) return;
    lanes.isReading = true;
    void this.#spool.read(priority, below).then((read) => {
      lanes.isReading = false;
      lanes.late.push(...read);
      if (read.length > 0) this.#onReady();
    });
  }
}

function emptyLanes(): Lanes {
  return {
    live: new Map(),
    liveInFlight: new Map(),
    liveBytes: 0,
    late: [],
    lateInFlight: new Map(),
    isReading: false,
  };
}
