import type { Clock, Micros } from '../clock';
import type { BrokerLink } from './link';
import type { Topics } from './topics';

/** Takes one message of a board; must not throw. */
type Take = (payload: Uint8Array, arrivedMicros: Micros) => void;

/** Messages that nobody took, by reason. */
export type UntakenReadings = 'readings-unclaimed' | 'readings-retained' | 'readings-waited';

/**
 * Hands the readings that boards publish for sources of this node to the drivers of those sources. One subscription for
 * all. A message that the broker kept is refused, since it would come again with every connect as if it were new; so is
 * one that waited while the node was away.
 */
export class ReadingsIn {
  readonly #clock: Clock;
  readonly #takers = new Map<string, Take>();
  readonly #untaken: Record<UntakenReadings, number> = {
    'readings-unclaimed': 0,
    'readings-retained': 0,
    'readings-waited': 0,
  };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What a driver opens (devices/ports/messages.ts). */
  readonly open = (source: string, take: Take): (() => void) => {
    this.#takers.set(source, take);
    return () => {
      if (this.#takers.get(source) === take) this.#takers.delete(source);
    };
  };

  /** Subscribes. */
  attach(link: Pick<BrokerLink, 'subscribe'>, { readingsIn }: Pick<Topics, 'readingsIn'>): void {
    link.subscribe({
      filter: readingsIn.filter,
      retained: 'when-new',
      take: ({ topic, payload, retained, waited }) => {
        const arrivedMicros = this.#clock.monotonicMicros();
        const take = this.#takers.get(readingsIn.sourceOf(topic));
        if (retained) this.#untaken['readings-retained']++;
        else if (waited) this.#untaken['readings-waited']++;
        else if (take === undefined) this.#untaken['readings-unclaimed']++;
        else take(payload, arrivedMicros);
      },
    });
  }

  untaken(): Readonly<Record<UntakenReadings, number>> {
    return { ...this.#untaken };
  }
}
