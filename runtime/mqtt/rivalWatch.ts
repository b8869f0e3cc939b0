import type { Clock, Micros, Millis } from '../clock';
import { SensebindError } from '../errors';
import { type InfoMessage, validators } from './messages';
import type { ReceivedMessage } from './received';

/** What tells two processes apart that publish as one node. */
type Identity = Pick<InfoMessage, 'boot' | 'started'>;

export interface RivalWatchOptions {
  readonly self: Identity;
  readonly node: string;
  readonly clock: Clock;
  /** There is another one. `delay`: this one is to leave for so long; without it, the other one is. */
  readonly onRival: (error: SensebindError, delay: Millis | undefined) => void;
}

/** An info of old may come back with a broker that lost its newest data; one that comes twice is alive. */
const CERTAIN = 2;

const FIRST_DELAY = 300_000;
const LONGEST_DELAY = 3_600_000;

/** Told no oftener than this, whatever others publish. */
const QUIET_MICROS = 10_000_000;

/** Whoever was there without another for this long starts from the first delay again. */
const ALONE_MICROS = 2 * LONGEST_DELAY * 1000;

/**
 * Notices that another process publishes as the same node (fault row F27 of reference/anchors.md), by the `info` that
 * both retain: brokers need not say that they ended a connection because of another with its client id, and those of
 * MQTT 3.1.1 cannot. The one that started first stays; the other one leaves for 5 minutes, then for longer.
 */
export class RivalWatch {
  readonly #options: RivalWatchOptions;
  readonly #seen = new Map<string, number>();
  /** Our own info came back: whatever is there now was put there later. */
  #isEstablished: boolean = false;
  #retreats = 0;
  #latestMicros: Micros = Number.NEGATIVE_INFINITY;
  #toldMicros: Micros = Number.NEGATIVE_INFINITY;

  constructor(options: RivalWatchOptions) {
    this.#options = options;
  }

  /** Takes an info of this node as the broker gives it to its readers. */
  take({ payload, retained }: ReceivedMessage): void {
    const other = identityIn(payload);
    const { self } = this.#options;
    if (other === undefined) return;
    if (other.boot === self.boot) this.#isEstablished = true;
    else if (this.#isEstablished) this.#suspect(other, retained ? 1 : CERTAIN);
  }

  #suspect(other: Identity, weight: number): void {
    const seen = (this.#seen.get(other.boot) ?? 0) + weight;
    // Only the last one matters: whoever invents boot ids must not fill the memory.
    this.#seen.clear();
    this.#seen.set(other.boot, seen);
    const { self, node, clock, onRival } = this.#options;
    if (seen < CERTAIN || clock.monotonicMicros() - this.#toldMicros < QUIET_MICROS) return;
    this.#toldMicros = clock.monotonicMicros();
    onRival(rivalError(node, other), isFirst(self, other) ? undefined : this.#nextDelay());
  }

  #nextDelay(): Millis {
    const now = this.#options.clock.monotonicMicros();
    if (now - this.#latestMicros > ALONE_MICROS) this.#retreats = 0;
    this.#latestMicros = now;
    return Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** Math.min(this.#retreats++, 30)) as Millis;
  }
}

/** Both sides come to the same, whatever their clocks say. */
function isFirst(one: Identity, other: Identity): boolean {
  return one.started === other.started ? one.boot < other.boot : one.started < other.started;
}

function identityIn(payload: Buffer): Identity | undefined {
  try {
    const value: unknown = JSON.parse(payload.toString());
    return validators['info/1'].Check(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function rivalError(node: string, { boot }: Identity): SensebindError {
  return new SensebindError(
    'BROKER_REFUSED',
    `expected this process alone to be the node "${node}", found another one (boot ${boot})`,
    'give each node an id of its own ("node" in its configuration), or stop one of the two',
  );
}
