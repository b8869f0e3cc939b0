import { type Clock, LONGEST_TIMER, type Micros, type Millis, type Timer } from '../clock';
import { freshness } from './freshness';

export interface JointOptions {
  /** Ids of those that belong together. */
  readonly sources: readonly string[];
  /** Between two joint windows. */
  readonly hop: Millis;
  /** What ends at most this much after a joint window still belongs to it. */
  readonly tolerance: Millis;
  /** How long a joint window waits for a source that is late. */
  readonly wait: Millis;
  /** What ends up to a hop and the tolerance before a joint window counts in full, then less by half each half-life. */
  readonly halfLife: Millis;
  /** What is older than this does not count: its source is missing. */
  readonly forgetAfter: Millis;
  readonly clock: Clock;
}

/** Something that a source saw, on the monotonic clock. */
export interface Seen<T> {
  readonly source: string;
  readonly endMicros: Micros;
  readonly value: T;
}

export interface JointPart<T> extends Seen<T> {
  /** How long before the joint window it ends; 0 for what ends within the tolerance after it. */
  readonly ageMicros: Micros;
  /** The share of its weight that is left, above 0. */
  readonly freshness: number;
}

/** What several sources saw in the same interval. */
export interface JointWindow<T> {
  /** On the monotonic clock. */
  readonly endMicros: Micros;
  /** In the order of the options. */
  readonly parts: readonly JointPart<T>[];
  readonly missing: readonly string[];
}

export interface JointEvents<T> {
  /** At least one part is new since the last one. */
  joint(window: JointWindow<T>): void;
  /** What a source saw came after the joint window that it belongs to, or after something newer. */
  late(source: string): void;
}

/** What is kept of a source until its joint window is complete. */
const KEPT = 16;

/**
 * Brings together what several sources saw at the same time. Joint windows end a hop apart on the monotonic clock, from
 * the end of the first thing seen on. Each takes the newest of every source, and is complete as soon as no awaited source
 * can have anything newer for it, or when it has waited long enough.
 */
export class JointWindows<T> {
  readonly #options: JointOptions;
  readonly #events: JointEvents<T>;
  readonly #histories: Map<string, History<T>>;
  /** The end of some joint window: all others are whole hops away. */
  #gridMicros: Micros | undefined;
  /** The end of the joint window that is being filled. */
  #dueMicros: Micros | undefined;
  #closedMicros: Micros = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;

  constructor(options: JointOptions, events: JointEvents<T>) {
    this.#options = options;
    this.#events = events;
    this.#histories = new Map(options.sources.map((source) => [source, new History<T>()]));
  }

  /** From now on a source belongs here, too. */
  include(source: string): void {
    if (!this.#histories.has(source)) this.#histories.set(source, new History<T>());
  }

  /** Takes what a source saw; sources that do not belong here are passed over. */
  add(seen: Seen<T>): void {
    const history = this.#histories.get(seen.source);
    if (history === undefined) return;
    if (!history.add(seen)) {
      this.#events.late(seen.source);
      return;
    }
    if (seen.endMicros <= this.#closedMicros + this.#toleranceMicros) this.#events.late(seen.source);
    this.#dueMicros ??= this.#nextDue(seen.endMicros);
    this.#closeWhatIsComplete();
  }

  /** Whether joint windows wait for a source: not for one that is known to be away. */
  setAwaited(source: string, isAwaited: boolean): void {
    const history = this.#histories.get(source);
    if (history === undefined) return;
    history.isAwaited = isAwaited;
    this.#closeWhatIsComplete();
  }

  /** Nothing more comes: what waits is complete. */
  finish(): void {
    while (this.#dueMicros !== undefined) this.#close(this.#dueMicros);
    this.#timer?.cancel();
  }

  get #toleranceMicros(): Micros {
    return this.#options.tolerance * 1000;
  }

  #closeWhatIsComplete(): void {
    const { clock, wait } = this.#options;
    this.#timer?.cancel();
    while (this.#dueMicros !== undefined) {
      const restMicros = this.#dueMicros + wait * 1000 - clock.monotonicMicros();
      if (restMicros > 0 && !this.#isComplete(this.#dueMicros)) {
        const delay = Math.min(LONGEST_TIMER, restMicros / 1000) as Millis;
        this.#timer = clock.setTimer(delay, () => this.#closeWhatIsComplete());
        return;
      }
      this.#close(this.#dueMicros);
    }
  }

  #isComplete(dueMicros: Micros): boolean {
    const awaited = [...this.#histories.values()].filter(({ isAwaited }) => isAwaited);
    return awaited.every((history) => history.isComplete(dueMicros, this.#toleranceMicros));
  }

  #close(dueMicros: Micros): void {
    const { hop, tolerance, halfLife, forgetAfter } = this.#options;
    const decay = { fresh: (hop + tolerance) as Millis, halfLife, forgetAfter };
    const parts: JointPart<T>[] = [];
    const missing: string[] = [];
    let isNew = false;
    let nextMicros: Micros | undefined;
    for (const [source, history] of this.#histories) {
      const { newest, next } = history.take(dueMicros + this.#toleranceMicros);
      const ageMicros = Math.max(0, dueMicros - (newest?.seen.endMicros ?? Number.NEGATIVE_INFINITY));
      const share = freshness(ageMicros, decay);
      if (newest === undefined || share === 0) missing.push(source);
      else parts.push({ ...newest.seen, ageMicros, freshness: share });
      isNew ||= newest?.isNew === true && share > 0;
      if (next !== undefined) nextMicros = Math.min(nextMicros ?? next, next);
    }
    this.#closedMicros = dueMicros;
    this.#dueMicros = nextMicros === undefined ? undefined : this.#nextDue(nextMicros);
    if (isNew) this.#events.joint({ endMicros: dueMicros, parts, missing });
  }

  /** The end of the first joint window that something which ends at `endMicros` belongs to, and that is still open. */
  #nextDue(endMicros: Micros): Micros {
    const hopMicros = this.#options.hop * 1000;
    this.#gridMicros ??= endMicros;
    const hops = Math.ceil((endMicros - this.#toleranceMicros - this.#gridMicros) / hopMicros);
    const dueMicros = this.#gridMicros + hops * hopMicros;
    return dueMicros > this.#closedMicros ? dueMicros : this.#closedMicros + hopMicros;
  }
}

/** What one source saw last, oldest first. */
class History<T> {
  isAwaited: boolean = true;
  #seen: Seen<T>[] = [];
  #intervalMicros: Micros = Number.POSITIVE_INFINITY;
  #used: Seen<T> | undefined;

  /** False for what is not newer than what is there: it is left out. */
  add(seen: Seen<T>): boolean {
    const last = this.#seen.at(-1);
    if (last !== undefined) {
      if (seen.endMicros <= last.endMicros) return false;
      this.#intervalMicros = seen.endMicros - last.endMicros;
    }
    this.#seen.push(seen);
    if (this.#seen.length > KEPT) this.#seen.shift();
    return true;
  }

  /** Nothing that is still to come can belong to the joint window better than what is there. */
  isComplete(dueMicros: Micros, toleranceMicros: Micros): boolean {
    const last = this.#seen.at(-1);
    if (last === undefined) return false;
    if (last.endMicros >= dueMicros - toleranceMicros) return true;
    return Number.isFinite(this.#intervalMicros) && last.endMicros + this.#intervalMicros > dueMicros + toleranceMicros;
  }

  /** The newest that ends at an instant or before it, whether it was not taken before, and the end of the one after. */
  take(untilMicros: Micros): {
    readonly newest: { readonly seen: Seen<T>; readonly isNew: boolean } | undefined;
    readonly next: Micros | undefined;
  } {
    const index = this.#seen.findLastIndex(({ endMicros }) => endMicros <= untilMicros);
    const next = this.#seen[index + 1]?.endMicros;
    const seen = this.#seen[index];
    if (seen === undefined) return { newest: undefined, next };
    const isNew = seen !== this.#used;
    this.#used = seen;
    this.#seen = this.#seen.slice(index);
    return { newest: { seen, isNew }, next };
  }
}
