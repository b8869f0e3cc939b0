import type { Clock, Micros } from '../clock';

/** Commands a second, of one client and of all together; as many at once after a pause of as many seconds' worth. */
const CLIENT_RATE = 10;
const NODE_RATE = 50;
const BURST_SECONDS = 2;

/** Clients that are told apart: whoever was quiet longest is forgotten. */
const MAX_CLIENTS = 256;

/** A client that sends too much is told so no oftener than this. */
const TELL_MICROS = 1_000_000;

export type Admission = 'admitted' | 'refused' | 'refused-silently';

interface Bucket {
  level: number;
  atMicros: Micros;
  toldMicros: Micros;
}

/**
 * Lets commands through at most so often. MQTT does not say who sent a message: commands with the same response topic
 * count as those of one client, all without one as those of another, and all together are limited too, since whoever
 * wants may invent response topics.
 */
export class CommandRates {
  readonly #clock: Clock;
  readonly #node: Bucket;
  /** The longest quiet first. */
  readonly #clients = new Map<string, Bucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#node = this.#full(NODE_RATE);
  }

  admit(client: string): Admission {
    const bucket = this.#clients.get(client) ?? this.#full(CLIENT_RATE);
    this.#clients.delete(client);
    this.#clients.set(client, bucket);
    if (this.#clients.size > MAX_CLIENTS) this.#forgetOne();
    if (this.#take(bucket, CLIENT_RATE) && this.#take(this.#node, NODE_RATE)) return 'admitted';
    const now = this.#clock.monotonicMicros();
    if (now - bucket.toldMicros < TELL_MICROS || now - this.#node.toldMicros < TELL_MICROS / NODE_RATE) {
      return 'refused-silently';
    }
    bucket.toldMicros = now;
    this.#node.toldMicros = now;
    return 'refused';
  }

  #take(bucket: Bucket, rate: number): boolean {
    const now = this.#clock.monotonicMicros();
    bucket.level = Math.min(rate * BURST_SECONDS, bucket.level + ((now - bucket.atMicros) / 1e6) * rate);
    bucket.atMicros = now;
    if (bucket.level < 1) return false;
    bucket.level--;
    return true;
  }

  #full(rate: number): Bucket {
    const atMicros = this.#clock.monotonicMicros();
    return { level: rate * BURST_SECONDS, atMicros, toldMicros: Number.NEGATIVE_INFINITY };
  }

  #forgetOne(): void {
    const [oldest] = this.#clients.keys();
    if (oldest !== undefined) this.#clients.delete(oldest);
  }
}
