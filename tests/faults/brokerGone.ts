import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { connectAsync, type MqttClient } from 'mqtt';
import { systemClock } from '../../runtime/clock';
import { BrokerLink } from '../../runtime/mqtt/link';
import { jsonMessage, wordMessage } from '../../runtime/mqtt/message';
import { Outbox } from '../../runtime/mqtt/sender/outbox';
import { startDelayingProxy } from '../support/delayingProxy';
import { freePort, startMosquitto } from '../support/mosquitto';

export interface BrokerGoneOptions {
  readonly events: number;
  /** mosquitto's max_inflight_messages, which it announces as its Receive Maximum. */
  readonly receiveMaximum: number;
  readonly roundTripMillis: number;
  readonly protocol?: '5' | '3.1.1';
}

/** What became of events that were posted while there was no broker. */
export interface BrokerGoneReport extends BrokerGoneOptions {
  readonly lost: number;
  readonly doubled: number;
  readonly outOfOrder: number;
  /** Growth of what the process holds after a collection of garbage, the larger of posted and drained. */
  readonly growthMegabytes: number;
  /** Growth of its resident memory, the subscriber's and garbage at this pace included. */
  readonly residentMegabytes: number;
  readonly drainSeconds: number;
  readonly ratePerSecond: number;
  /** From the post of an event during the drain to its arrival, the longest of some. */
  readonly liveMillis: number;
  /** Bytes and records that are left in the spool. */
  readonly left: number;
}

const ROOT = 'sensebind/v1/box';
const LATE_TOPIC = `${ROOT}/backfill/event/r1`;

/** Posts events while the broker is gone, lets it come back, and looks at what a subscriber gets. */
export async function brokerGone(options: BrokerGoneOptions): Promise<BrokerGoneReport> {
  const { events, receiveMaximum, roundTripMillis, protocol = '5' } = options;
  const folder = await mkdtemp(path.join(tmpdir(), 'sensebind-gone-'));
  const port = await freePort();
  const network = await startDelayingProxy(port, roundTripMillis);
  const outbox = await Outbox.open({ folder, clock: systemClock });
  const link = new BrokerLink({
    access: { url: network.url, clientId: 'box' },
    protocol,
    will: { topic: `${ROOT}/status`, message: wordMessage('offline') },
    outbox,
    clock: systemClock,
    random: () => 0.2,
  });
  link.retain(`${ROOT}/status`, wordMessage('online'));
  link.start(() => undefined);
  let subscriber: MqttClient | undefined;
  let broker: Awaited<ReturnType<typeof startMosquitto>> | undefined;
  try {
    const before = memory();
    for (let index = 0; index < events; index++) {
      postEvent(outbox, index);
      if (index % 256 === 255) await outbox.flush();
    }
    await outbox.flush();
    const posted = memory();
    broker = await startMosquitto({
      // A second reader would be measured, too.
      holdsContract: false,
      port,
      settings: [`max_inflight_messages ${receiveMaximum}`, 'max_queued_messages 0', 'set_tcp_nodelay true'],
    });
    const arrivals = new Arrivals(events);
    subscriber = await connectAsync(broker.url, { protocolVersion: 5, properties: { receiveMaximum: 1000 } });
    subscriber.on('message', (topic, payload) => arrivals.take(topic, payload));
    await subscriber.subscribeAsync(`${ROOT}/#`, { qos: 1 });
    await arrivals.all(() => postEvent(outbox, arrivals.nextLive()));
    const drained = memory();
    await untilEmpty(outbox);
    const drainSeconds = arrivals.drainSeconds();
    return {
      ...options,
      lost: arrivals.lost,
      doubled: arrivals.doubled,
      outOfOrder: arrivals.outOfOrder,
      growthMegabytes: Math.max(posted.held, drained.held) - before.held,
      residentMegabytes: Math.max(posted.resident, drained.resident) - before.resident,
      drainSeconds,
      ratePerSecond: events / drainSeconds,
      liveMillis: arrivals.liveMillis,
      left: outbox.counters().records,
    };
  } finally {
    await link.stop();
    await outbox.close();
    await subscriber?.endAsync(true);
    await network.stop();
    await broker?.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** What is wrong with a report, in words. */
export function brokerGoneProblems(report: BrokerGoneReport): readonly string[] {
  const problems: string[] = [];
  const { lost, doubled, outOfOrder, growthMegabytes, liveMillis, left } = report;
  if (lost > 0) problems.push(`${lost} lost`);
  if (doubled > 0) problems.push(`${doubled} doubled`);
  if (outOfOrder > 0) problems.push(`${outOfOrder} out of order`);
  if (growthMegabytes > 50) problems.push(`${growthMegabytes.toFixed()} MB more memory`);
  if (liveMillis > 1000) problems.push(`a live event took ${liveMillis.toFixed()} ms`);
  if (left > 0) problems.push(`${left} left in the spool`);
  return problems;
}

/** A report in one line. */
export function describeBrokerGone(report: BrokerGoneReport): string {
  const { events, receiveMaximum, roundTripMillis, lost, doubled, outOfOrder } = report;
  return (
    `broker gone for ${events} events: ${lost} lost, ${doubled} doubled, ${outOfOrder} out of order; memory ` +
    `held +${report.growthMegabytes.toFixed()} MB, resident +${report.residentMegabytes.toFixed()} MB; drained in ${report.drainSeconds.toFixed(1)} s, ` +
    `${report.ratePerSecond.toFixed()} messages/s at ${roundTripMillis} ms round trip, Receive Maximum ` +
    `${receiveMaximum}; live events meanwhile within ${report.liveMillis.toFixed()} ms`
  );
}

/** An event as large as those of the contract. */
export function postEvent(outbox: Outbox, index: number): void {
  const document = { event_type: 'glass_break', s: 'event/1', id: index, historical: false, padding: 'x'.repeat(380) };
  outbox.post('normal', {
    topic: `${ROOT}/event/r1`,
    lateTopic: LATE_TOPIC,
    message: jsonMessage(document),
  });
}

/** Live events during the drain have ids from here on. */
const LIVE_ID = 1_000_000;
const LIVE_EVERY_MILLIS = 200;

class Arrivals {
  readonly #expected: number;
  readonly #seen: Uint8Array;
  readonly #livePostedAt: number[] = [];
  readonly #last = new Map<string, number>();
  #count = 0;
  #first = 0;
  #end = 0;
  doubled = 0;
  outOfOrder = 0;
  liveMillis = 0;
  #onAll = (): void => undefined;

  constructor(expected: number) {
    this.#expected = expected;
    this.#seen = new Uint8Array(expected);
  }

  get lost(): number {
    return this.#expected - this.#count;
  }

  nextLive(): number {
    this.#livePostedAt.push(performance.now());
    return LIVE_ID + this.#livePostedAt.length - 1;
  }

  drainSeconds(): number {
    return (this.#end - this.#first) / 1000;
  }

  take(topic: string, payload: Buffer): void {
    if (!topic.includes('/event/')) return;
    const { id } = JSON.parse(payload.toString()) as { id: number };
    const now = performance.now();
    if (id >= LIVE_ID) {
      this.liveMillis = Math.max(this.liveMillis, now - (this.#livePostedAt[id - LIVE_ID] ?? 0));
      return;
    }
    if (this.#count === 0) this.#first = now;
    this.#end = now;
    if (this.#seen[id] === 1) this.doubled++;
    else this.#count++;
    this.#seen[id] = 1;
    if (id < (this.#last.get(topic) ?? -1)) this.outOfOrder++;
    this.#last.set(topic, id);
    if (this.#count === this.#expected) this.#onAll();
  }

  /** Resolves when all have arrived, or when nothing more comes. */
  async all(onTick: () => void): Promise<void> {
    if (this.lost === 0) return;
    await new Promise<void>((resolve) => {
      let seen = 0;
      let idle = 0;
      const timer = setInterval(() => {
        // Before, younger events are on their way, on the same topic and in order.
        if (this.#last.has(LATE_TOPIC)) onTick();
        idle = this.#count === seen ? idle + 1 : 0;
        seen = this.#count;
        if (idle * LIVE_EVERY_MILLIS > 20_000) this.#onAll();
      }, LIVE_EVERY_MILLIS);
      this.#onAll = () => {
        clearInterval(timer);
        resolve();
      };
    });
  }
}

/** Resolves when the broker has acknowledged all, or after a while. */
async function untilEmpty(outbox: Outbox): Promise<void> {
  for (let turn = 0; turn < 100 && outbox.counters().records > 0; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** In megabytes. */
function memory(): { readonly held: number; readonly resident: number } {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { held: (heapUsed + external) / 1e6, resident: rss / 1e6 };
}
