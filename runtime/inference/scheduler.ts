import type { Micros } from '../clock';
import type { Modality } from '../reading';

export type Priority = 'high' | 'normal' | 'low';

/** What the scheduler has to know of a piece of work. */
export interface Ticket {
  readonly modality: Modality;
  /** Of one source and modality, only the newest waits. */
  readonly source?: string;
  readonly priority: Priority;
  /** Monotonic clock of whoever calls {@link Scheduler.next}. */
  readonly deadlineMicros?: Micros;
}

export type Submitted<T> =
  | { readonly kind: 'queued' }
  /** Queued in the place of `older`, which waits no longer. */
  | { readonly kind: 'superseding'; readonly older: T }
  | { readonly kind: 'full' };

export interface Next<T> {
  readonly ticket: T | undefined;
  /** How often its priority had been passed over until then. */
  readonly passedOver: number;
  /** Dropped on the way, because their deadline has passed. */
  readonly late: readonly T[];
}

/** How often a waiting priority may be passed over before one of its tickets goes first. */
export const PATIENCE = 8;

/**
 * The bounded queue in front of one worker (design.md rule 2). Pure: no timer, no clock.
 *
 * - A ticket with a source takes the place in line of the queued one of the same source and modality: fresh data does
 *   not wait longer because it is fresh.
 * - Otherwise first come, first served within a priority; `high` before `normal` before `low`, but a priority that was
 *   passed over 8 times is served next, so `low` gets at least every tenth turn.
 * - A ticket that is late when its turn comes is dropped.
 */
export class Scheduler<T extends Ticket> {
  readonly #limit: number;
  readonly #lines: Readonly<Record<Priority, Line<T>>> = {
    high: { tickets: [], passedOver: 0 },
    normal: { tickets: [], passedOver: 0 },
    low: { tickets: [], passedOver: 0 },
  };

  /** @param limit - Tickets that may wait. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#all().reduce((sum, { tickets }) => sum + tickets.length, 0);
  }

  depthOf(modality: Modality): number {
    return this.#all().reduce(
      (sum, { tickets }) => sum + tickets.filter((ticket) => ticket.modality === modality).length,
      0,
    );
  }

  /** @param elsewhere - Tickets that wait, but not here: they count against the limit. */
  submit(ticket: T, elsewhere = 0): Submitted<T> {
    const older = ticket.source === undefined ? undefined : this.#waitingFor(ticket.source, ticket.modality);
    if (older !== undefined) {
      this.#replace(older, ticket);
      return { kind: 'superseding', older };
    }
    if (this.size + elsewhere >= this.#limit) return { kind: 'full' };
    this.#lines[ticket.priority].tickets.push(ticket);
    return { kind: 'queued' };
  }

  /**
   * Puts `ticket` before all others of its priority: it was on its way already, or takes the place of one that was.
   *
   * @param passedOver - How often its priority was passed over: it was not served after all.
   */
  putFirst(ticket: T, passedOver = 0): void {
    const line = this.#lines[ticket.priority];
    line.tickets.unshift(ticket);
    line.passedOver = Math.max(line.passedOver, passedOver);
  }

  /** The ticket that would be served next. */
  peek(): T | undefined {
    return this.#turn()?.tickets[0];
  }

  /** Takes out the ticket to serve at `nowMicros`. */
  next(nowMicros: Micros): Next<T> {
    const late: T[] = [];
    for (let line = this.#turn(); line !== undefined; line = this.#turn()) {
      const ticket = line.tickets.shift();
      if (ticket === undefined) break;
      if (ticket.deadlineMicros !== undefined && ticket.deadlineMicros < nowMicros) {
        late.push(ticket);
        continue;
      }
      const { passedOver } = line;
      this.#countPassedOver(line);
      return { ticket, passedOver, late };
    }
    return { ticket: undefined, passedOver: 0, late };
  }

  /** True when `ticket` was waiting and now does not. */
  remove(ticket: T): boolean {
    const { tickets } = this.#lines[ticket.priority];
    const index = tickets.indexOf(ticket);
    if (index < 0) return false;
    tickets.splice(index, 1);
    return true;
  }

  /** Takes out everything. */
  drain(): readonly T[] {
    return this.#all().flatMap((line) => line.tickets.splice(0));
  }

  #waitingFor(source: string, modality: Modality): T | undefined {
    for (const { tickets } of this.#all()) {
      const found = tickets.find((ticket) => ticket.source === source && ticket.modality === modality);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #replace(older: T, newer: T): void {
    const line = this.#lines[older.priority].tickets;
    if (older.priority === newer.priority) {
      line[line.indexOf(older)] = newer;
      return;
    }
    this.remove(older);
    this.#lines[newer.priority].tickets.push(newer);
  }

  /** The line whose turn it is: the lowest one out of patience, else the highest one that has a ticket. */
  #turn(): Line<T> | undefined {
    const waiting = this.#all().filter(({ tickets }) => tickets.length > 0);
    return waiting.findLast(({ passedOver }) => passedOver >= PATIENCE) ?? waiting[0];
  }

  #countPassedOver(served: Line<T>): void {
    for (const line of this.#all()) {
      if (line === served || line.tickets.length === 0) line.passedOver = 0;
      else line.passedOver++;
    }
  }

  /** Most urgent first. */
  #all(): readonly Line<T>[] {
    return [this.#lines.high, this.#lines.normal, this.#lines.low];
  }
}

interface Line<T> {
  readonly tickets: T[];
  passedOver: number;
}

const URGENCY: readonly Priority[] = ['low', 'normal', 'high'];

/** Whether `left` goes before `right`, in whatever order they came. */
export function isMoreUrgent(left: Ticket, right: Ticket): boolean {
  return URGENCY.indexOf(left.priority) > URGENCY.indexOf(right.priority);
}
