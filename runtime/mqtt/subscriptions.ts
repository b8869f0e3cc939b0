import type { Clock, Micros, Millis, Timer } from '../clock';
import type { Connection, ConnectionEnd } from './connection';
import { type ReceivedMessage, type Subscription, topicMatches } from './received';

/** After a packet that was too long, nothing is subscribed to for so long: it may be one that the broker retains. */
const DEAF_MICROS = 300_000_000;

/** What a link reads: subscribed to on every connection anew, since brokers forget. */
export class Subscriptions {
  readonly #subscriptions: Subscription[] = [];
  readonly #onRefused: (filter: string, reason: string) => void;
  readonly #clock: Clock;
  #connection: Connection | undefined;
  #deafUntilMicros: Micros = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;

  constructor(clock: Clock, onRefused: (filter: string, reason: string) => void) {
    this.#clock = clock;
    this.#onRefused = onRefused;
  }

  add(subscription: Subscription): void {
    this.#subscriptions.push(subscription);
    if (this.#connection) this.#subscribe(this.#connection, [subscription]);
  }

  connected(connection: Connection): void {
    const deafMillis = (this.#deafUntilMicros - this.#clock.monotonicMicros()) / 1000;
    if (deafMillis <= 0) this.#attach(connection);
    else this.#timer = this.#clock.setTimer(deafMillis as Millis, () => this.#attach(connection), { background: true });
  }

  /** Nothing more is subscribed to on this connection; on a next one only where it ended by itself. */
  ended(end?: ConnectionEnd): void {
    this.#connection = undefined;
    this.#timer?.cancel();
    if (end === undefined) return;
    if (end.kind !== 'lost' || end.because !== 'received-size') return;
    this.#deafUntilMicros = this.#clock.monotonicMicros() + DEAF_MICROS;
  }

  take(message: ReceivedMessage): void {
    for (const { filter, take } of this.#subscriptions) if (topicMatches(filter, message.topic)) take(message);
  }

  #attach(connection: Connection): void {
    this.#connection = connection;
    this.#subscribe(connection, this.#subscriptions);
  }

  #subscribe(connection: Connection, subscriptions: readonly Subscription[]): void {
    // One by one, so that a refusal says of what.
    for (const subscription of subscriptions) {
      connection.subscribe(subscription, (refusal) => {
        if (refusal !== undefined) this.#onRefused(subscription.filter, refusal);
      });
    }
  }
}
