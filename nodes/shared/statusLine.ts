import type { Clock, Micros, Millis, Timer } from '../../runtime/clock';

/** What stands below a node (reference/nodered.md §4). */
export interface NodeStatus {
  readonly fill: 'red' | 'green' | 'yellow' | 'blue' | 'grey';
  readonly shape: 'ring' | 'dot';
  /** Under 20 characters where that is possible. */
  readonly text: string;
}

/** Each status goes to every open editor and to every Status node. */
const LEAST_DISTANCE = 500 as Millis;

/** Shows the newest status, twice a second at most. */
export class StatusLine {
  readonly #show: (status: NodeStatus) => void;
  readonly #clock: Clock;
  #shown: NodeStatus | undefined;
  #wanted: NodeStatus | undefined;
  #shownMicros: Micros = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;
  #isClosed: boolean = false;

  constructor(show: (status: NodeStatus) => void, clock: Clock) {
    this.#show = show;
    this.#clock = clock;
  }

  set(status: NodeStatus): void {
    if (this.#isClosed) return;
    this.#wanted = status;
    if (this.#timer !== undefined) return;
    const restMillis = LEAST_DISTANCE - (this.#clock.monotonicMicros() - this.#shownMicros) / 1000;
    if (restMillis <= 0) {
      this.#flush();
      return;
    }
    this.#timer = this.#clock.setTimer(restMillis as Millis, () => this.#flush(), { background: true });
  }

  /** Nothing more is shown. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  #flush(): void {
    this.#timer = undefined;
    const wanted = this.#wanted;
    if (wanted === undefined || isSame(wanted, this.#shown)) return;
    this.#shown = wanted;
    this.#shownMicros = this.#clock.monotonicMicros();
    this.#show(wanted);
  }
}

function isSame(left: NodeStatus, right: NodeStatus | undefined): boolean {
  return left.fill === right?.fill && left.shape === right.shape && left.text === right.text;
}
