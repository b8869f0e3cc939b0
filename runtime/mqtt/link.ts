import type { Clock, Millis, Timer } from '../clock';
import { SensebindError } from '../errors';
import { Backoff } from './backoff';
import { type BrokerAccess, Connection, type ConnectionEnd, type ProtocolVersion, type Will } from './connection';
import { connectionProblem } from './connectionProblem';
import { type Delivery, type Live, liveOf } from './liveConnection';
import { forLong, type Message, packetBytes } from './message';
import { ProtocolChoice } from './protocolChoice';
import type { Subscription } from './received';
import { Retained } from './retained/retained';
import type { Outbox } from './sender/outbox';
import { SizeLimit } from './sizeLimit';
import { Subscriptions } from './subscriptions';
import { Takeovers } from './takeovers';

export interface BrokerLinkOptions {
  readonly access: BrokerAccess;
  /** `auto`: MQTT 5, and 3.1.1 with brokers that refuse it. */
  readonly protocol: ProtocolVersion | 'auto';
  readonly will: Will;
  /** Messages that must arrive; belongs to the caller. */
  readonly outbox?: Outbox;
  readonly clock: Clock;
  /** In [0, 1): spreads reconnects. */
  readonly random?: () => number;
  readonly keepaliveSeconds?: number;
}

/** What happens on the link, for log and status. */
export type LinkEvent =
  | { readonly kind: 'connected'; readonly version: ProtocolVersion }
  | { readonly kind: 'disconnected'; readonly error: SensebindError; readonly retryMillis: number }
  /** Another process publishes as this node. */
  | { readonly kind: 'rival'; readonly error: SensebindError }
  /** The broker, or its size limit, did not take a message. */
  | { readonly kind: 'refused'; readonly topic: string; readonly error: SensebindError };

export type LinkDrop = 'offline' | 'congested' | 'oversize' | 'refused';

export interface LinkCounters {
  readonly connects: number;
  readonly published: number;
  readonly drops: Readonly<Record<LinkDrop, number>>;
}

/** Trying a wrong password more often locks accounts and fills logs. */
const LASTING_REFUSAL_DELAY = 300_000 as Millis;

/** Most messages in flight, whatever more the broker allows (reference/mqtt.md §4.6). */
const WINDOW = 64;

/** Answers that may wait; who asks faster than the broker takes them loses some. */
const MAX_ANSWERS = 256;

/** How long the last messages may take when we stop. */
const FAREWELL = 2000 as Millis;

const KEEPALIVE_SECONDS = 30;

/**
 * Keeps one node connected to its broker, in front of MQTT.js, which gets no more than is in flight. QoS 0 messages are
 * dropped and counted while there is no connection, and the newest of each topic wins where it is too slow; retained ones
 * are kept, the last of each topic, and published again on every connect, since brokers lose them (reference/mqtt.md
 * §2.3); those of the outbox are sent until they have arrived. Never blocks, never queues without bound, never gives up.
 */
export class BrokerLink {
  readonly #options: BrokerLinkOptions;
  readonly #backoff: Backoff;
  readonly #sizeLimit = new SizeLimit();
  readonly #takeovers: Takeovers;
  readonly #subscriptions: Subscriptions;
  readonly #retained = new Retained();
  readonly #drops: Record<LinkDrop, number> = { offline: 0, congested: 0, oversize: 0, refused: 0 };
  #onEvent: (event: LinkEvent) => void = () => {};
  readonly #protocol: ProtocolChoice;
  #attempt: Connection | undefined;
  #live: Live | undefined;
  #retry: Timer | undefined;
  #connects = 0;
  #published = 0;
  #stopped: boolean = false;
  /** Messages of the outbox that the last connection left without an answer. */
  #interrupted = 0;
  #onSettled: (() => void) | undefined;

  constructor(options: BrokerLinkOptions) {
    this.#options = options;
    this.#protocol = new ProtocolChoice(options.protocol);
    this.#backoff = new Backoff(options.clock, options.random ?? Math.random);
    this.#takeovers = new Takeovers(options.clock);
    this.#subscriptions = new Subscriptions(options.clock, (filter, reason) =>
      this.#refused(filter, `expected the broker to let this node read ${filter}, found: ${reason}`),
    );
  }

  get connected(): boolean {
    return this.#live !== undefined;
  }

  counters(): LinkCounters {
    return { connects: this.#connects, published: this.#published, drops: { ...this.#drops } };
  }

  /** Does not publish what a topic retains any more. The broker keeps what it has. */
  forget(topic: string): void {
    this.#retained.forget(topic);
    this.#live?.dirty.delete(topic);
  }

  start(onEvent: (event: LinkEvent) => void): void {
    this.#onEvent = onEvent;
    this.#options.outbox?.attach(() => this.#flush());
    this.#connect();
  }

  /** Publishes at QoS 0, or drops and counts. */
  publish(topic: string, message: Message): void {
    const live = this.#live;
    if (!live) this.#drops.offline++;
    else if (live.connection.congested) {
      if (live.held.has(topic)) this.#drops.congested++;
      live.held.set(topic, message);
    } else if (this.#fits(topic, message, live)) {
      live.connection.send(topic, message);
      this.#published++;
      this.#sent(topic, message, live);
    }
  }

  /** Publishes at QoS 1 and retained, now and on every later connect, in the order of the first call for each topic. */
  retain(topic: string, message: Message): void {
    // A copy: each is told from those before it, also where they are equal.
    this.#retained.set(topic, forLong(message));
    this.#send(topic);
  }

  /**
   * Removes what the broker keeps of a topic, once there is a connection; `onCleared` is called when it has done so. One
   * that refuses is asked again on each later connection.
   */
  clear(topic: string, onCleared?: () => void): void {
    if (this.#retained.clear(topic, onCleared)) this.#send(topic);
  }

  /** Publishes at QoS 1 to those who are there now: an answer. Dropped and counted without a connection. */
  answer(topic: string, message: Message): void {
    const live = this.#live;
    if (!live) this.#drops.offline++;
    else if (live.answers.length >= MAX_ANSWERS) this.#drops.congested++;
    else {
      live.answers.push({ topic, message });
      this.#flush();
    }
  }

  /** Reads what fits a filter, on this and every later connection. */
  subscribe(subscription: Subscription): void {
    this.#subscriptions.add(subscription);
  }

  /** Publishes all that is retained again, for those who missed it. */
  refresh(): void {
    for (const topic of this.#retained.topics()) this.#live?.dirty.add(topic);
    this.#flush();
  }

  /** Leaves the broker for a while: this node must not be there. */
  retreat(error: SensebindError, delay: Millis): void {
    const connection = this.#attempt;
    if (!connection || this.#stopped) return;
    this.#left({ kind: 'lost', reason: error.message, because: 'taken-over' });
    void connection.close();
    this.#connectLater(delay, error);
  }

  /** Waits a while until what is retained has arrived, says goodbye and closes. Always ends. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#retry?.cancel();
    this.#subscriptions.ended();
    if (this.#live) await this.#settled();
    const connection = this.#attempt;
    this.#attempt = undefined;
    this.#live = undefined;
    await connection?.close();
  }

  #connect(): void {
    const { access, will, clock, keepaliveSeconds } = this.#options;
    const connection: Connection = new Connection(
      { access, will, clock, version: this.#protocol.version, keepaliveSeconds: keepaliveSeconds ?? KEEPALIVE_SECONDS },
      {
        connected: (limits) => {
          this.#connects++;
          this.#protocol.connected();
          this.#backoff.connected();
          this.#sizeLimit.connected(limits.maximumPacketBytes);
          const dirty = new Set(this.#retained.topics());
          this.#live = liveOf(connection, { limits, dirty, suspects: dirty.size + this.#interrupted });
          this.#onEvent({ kind: 'connected', version: this.#protocol.version });
          this.#subscriptions.connected(connection);
          this.#flush();
        },
        received: (message) => this.#subscriptions.take(message),
        answered: () => {
          if (this.#sizeLimit.answered()) connection.ping();
        },
        drained: () => this.#release(),
        ended: (end) => this.#ended(end),
      },
    );
    this.#attempt = connection;
  }

  #ended(end: ConnectionEnd): void {
    this.#left(end);
    if (this.#stopped) return;
    if (this.#protocol.ended(end)) {
      this.#connect();
      return;
    }
    const lasting = end.kind === 'version-refused' || (end.kind === 'refused' && end.lasting);
    const delay = this.#takeovers.ended(end) ?? (lasting ? LASTING_REFUSAL_DELAY : this.#backoff.next());
    this.#connectLater(delay, connectionProblem(end, this.#options.access, this.#protocol.version));
  }

  #connectLater(delay: Millis, error: SensebindError): void {
    this.#retry = this.#options.clock.setTimer(delay, () => this.#connect());
    this.#onEvent({ kind: 'disconnected', error, retryMillis: delay });
  }

  /** There is no connection any more. */
  #left(end: ConnectionEnd): void {
    if (this.#live) {
      this.#sizeLimit.ended({ tooLarge: end.kind === 'lost' && end.because === 'message-size' });
      this.#drops.offline += this.#live.held.size + this.#live.answers.length;
      this.#interrupted = this.#options.outbox?.interrupted() ?? 0;
    }
    this.#live = undefined;
    this.#attempt = undefined;
    this.#subscriptions.ended(end);
    this.#onSettled?.();
  }

  #send(topic: string): void {
    this.#live?.dirty.add(topic);
    this.#flush();
  }

  /** Sends what waits at QoS 1, never more at once than the broker takes. */
  #flush(): void {
    const live = this.#live;
    if (!live) return;
    while (live.inFlight < this.#window(live)) {
      const delivery = this.#nextDelivery(live);
      if (!delivery) break;
      if (this.#fits(delivery.topic, delivery.message, live)) this.#deliver(delivery, live);
      else if (delivery.kind === 'posted') this.#options.outbox?.refused(delivery.item, 'larger than the broker takes');
    }
    if (live.inFlight === 0) this.#onSettled?.();
  }

  #window({ limits }: Live): number {
    return this.#sizeLimit.careful ? 1 : Math.min(limits.receiveMaximum, WINDOW);
  }

  /** What is retained first, so that a node is online before it tells anything. */
  #nextDelivery({ dirty, answers }: Live): Delivery | undefined {
    for (const topic of dirty) {
      dirty.delete(topic);
      const message = this.#retained.get(topic);
      if (message) return { kind: 'retained', topic, message };
    }
    const answer = answers.shift();
    if (answer) return { kind: 'answer', ...answer };
    const item = this.#options.outbox?.next(this.#stopped ? 'live' : 'all');
    return item && { kind: 'posted', topic: item.topic, message: item.message, item };
  }

  #deliver(delivery: Delivery, live: Live): void {
    const { topic, message } = delivery;
    live.inFlight++;
    const done = (refusal: string | undefined): void => {
      live.inFlight--;
      this.#sizeLimit.heard(packetBytes(topic, message));
      if (--live.suspects <= 0) this.#sizeLimit.cleared();
      if (refusal === undefined) this.#published++;
      else this.#refused(topic, `expected the broker to take a message on ${topic}, found: ${refusal}`);
      // What a broker did not clear is asked for again on the next connection: its rules may be others then.
      if (delivery.kind === 'retained' && refusal === undefined) this.#retained.taken(topic, message);
      if (delivery.kind === 'posted') {
        if (refusal === undefined) this.#options.outbox?.delivered(delivery.item);
        else this.#options.outbox?.refused(delivery.item, refusal);
      }
      this.#flush();
    };
    live.connection.deliver(topic, message, { retain: delivery.kind === 'retained', done });
    this.#sent(topic, message, live);
  }

  /** The socket has room again. */
  #release(): void {
    const live = this.#live;
    if (!live) return;
    const held = [...live.held];
    live.held.clear();
    for (const [topic, message] of held) this.publish(topic, message);
  }

  #fits(topic: string, message: Message, live: Live): boolean {
    const bytes = packetBytes(topic, message);
    const limit = this.#sizeLimit;
    if (bytes <= limit.bytes) return true;
    this.#drops.oversize++;
    if (live.toldOversize.has(topic)) return false;
    live.toldOversize.add(topic);
    const whose = limit.announced
      ? 'the broker allows'
      : 'may be, since the broker cuts the connection after larger ones';
    this.#report(
      topic,
      `expected a message of at most ${limit.bytes} bytes, which ${whose}, found ${bytes} on ${topic}`,
    );
    return false;
  }

  #sent(topic: string, message: Message, { connection }: Live): void {
    if (this.#sizeLimit.sent(packetBytes(topic, message))) connection.ping();
  }

  #refused(topic: string, message: string): void {
    this.#drops.refused++;
    this.#report(topic, message);
  }

  #report(topic: string, message: string): void {
    const cure = "look at the broker's access rules (ACL) and at its largest packet size";
    this.#onEvent({ kind: 'refused', topic, error: new SensebindError('BROKER_REFUSED', message, cure) });
  }

  #settled(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        timer.cancel();
        this.#onSettled = undefined;
        resolve();
      };
      const timer = this.#options.clock.setTimer(FAREWELL, done);
      this.#onSettled = done;
      this.#flush();
    });
  }
}
