import type { Clock, Millis, Timer } from '../../clock';
import type { SensebindError } from '../../errors';
import { knownError } from '../../knownError';
import { Slices } from '../../slices';
import type { BrokerLink } from '../link';
import { CLEARED, jsonMessage, type Message } from '../message';
import type { DescribedNode } from './describedNode';
import type { DiscoveryStore } from './discoveryFile';
import type { DiscoveredDevice } from './entity';
import { nodeDevice } from './nodeDevice';
import { type KnownPages, knownOf, layOut, type Page, payloadOf } from './pages';
import { sourceDevice } from './sourceDevice';

/** What of the link is used here. */
export type DiscoveryLink = Pick<BrokerLink, 'retain' | 'forget' | 'subscribe'>;

export interface HomeAssistantOptions {
  readonly link: DiscoveryLink;
  /** First level of the topics of Home Assistant. */
  readonly prefix: string;
  /** The node as it is now; `undefined`: Home Assistant is to know nothing of it. */
  readonly describe: () => DescribedNode | undefined;
  /** What was told of last time; from the store. */
  readonly known: KnownPages;
  readonly store: DiscoveryStore;
  readonly clock: Clock;
  readonly onFailed: (error: SensebindError) => void;
  /** In [0, 1). */
  readonly random?: () => number;
}

/** Between two messages: no more than 100 a second, so that Home Assistant is not flooded. */
const PACE = 10 as Millis;

/** Many nodes hear at the same time that Home Assistant has started. */
const MAX_JITTER_MILLIS = 5000;

/** How long Home Assistant is told that an entity is gone, before it is not spoken of any more. */
const FAREWELL = 60_000 as Millis;

/**
 * Tells Home Assistant what there is, by device discovery (https://www.home-assistant.io/integrations/mqtt/): retained,
 * on every connect, when Home Assistant starts, and when something changes. What is gone is taken back, also over a
 * restart of this process.
 */
export class HomeAssistantDiscovery {
  readonly #options: HomeAssistantOptions;
  #known: KnownPages;
  #pages: ReadonlyMap<string, Page> = new Map();
  /** What each topic retains. */
  readonly #messages = new Map<string, Message>();
  /** Topics that wait for their turn: `true` where they are told again although nothing changed. */
  readonly #queue = new Map<string, boolean>();
  readonly #slices: Slices;
  /** What is being laid out is told of although nothing changed. */
  #isAgain: boolean = false;
  /** What this process tells of is known. */
  #isLaidOut: boolean = false;
  #isConnected: boolean = false;
  #pace: Timer | undefined;
  #jitter: Timer | undefined;
  #farewell: Timer | undefined;
  #saving: Promise<void> = Promise.resolve();

  constructor(options: HomeAssistantOptions) {
    this.#options = options;
    this.#slices = new Slices(options.clock, (error) => options.onFailed(knownError('home-assistant', error)));
    this.#known = options.known;
    options.link.subscribe({
      filter: `${options.prefix}/status`,
      retained: 'when-new',
      take: ({ payload, waited }) => {
        if (!waited && payload.toString() === 'online') this.#homeAssistantStarted();
      },
    });
  }

  /** The link has a connection: everything is told anew. */
  connected(): void {
    this.#isConnected = true;
    // Later changes were told as they came.
    if (!this.#isLaidOut) this.#update({ again: true });
    else this.#tell({ again: true });
  }

  /** Tells everything anew. */
  announce(): void {
    this.#forgetAll();
    this.#update({ again: true });
  }

  /** The connection is gone. */
  disconnected(): void {
    this.#isConnected = false;
    this.#queue.clear();
    for (const timer of [this.#pace, this.#jitter, this.#farewell]) timer?.cancel();
    this.#pace = undefined;
    this.#jitter = undefined;
    this.#forgetAll();
  }

  /** Something of the node may have changed: what did is told. */
  update(): void {
    this.#update({ again: false });
  }

  #update(how: { readonly again: boolean }): void {
    // One that is given up for this one may have had to tell all anew.
    this.#isAgain ||= how.again;
    this.#slices.run(this.#work());
  }

  *#work(): Generator<void> {
    const node = this.#options.describe();
    const devices = node === undefined ? [] : devicesOf(node);
    yield;
    this.#pages = yield* layOut(devices, { prefix: this.#options.prefix, known: this.#known });
    this.#isLaidOut = true;
    // What was told once is known until it was taken back.
    const cleared = [...this.#known].filter(([topic]) => !this.#pages.has(topic));
    this.#known = new Map([...cleared, ...[...this.#pages].map(([topic, page]) => [topic, knownOf(page)] as const)]);
    this.#save();
    this.#tell({ again: this.#isAgain });
    this.#isAgain = false;
  }

  /** Resolves when the file is written. Nothing is told after it. */
  async stop(): Promise<void> {
    this.#isConnected = false;
    this.#slices.cancel();
    for (const timer of [this.#pace, this.#jitter, this.#farewell]) timer?.cancel();
    await this.#saving;
  }

  /** What is retained is not sent by the link itself, but here, in its own time. */
  #forgetAll(): void {
    for (const topic of this.#messages.keys()) this.#options.link.forget(topic);
  }

  #homeAssistantStarted(): void {
    if (!this.#isConnected || this.#jitter !== undefined) return;
    const delay = (this.#options.random ?? Math.random)() * MAX_JITTER_MILLIS;
    this.#jitter = this.#options.clock.setTimer(
      delay as Millis,
      () => {
        this.#jitter = undefined;
        this.#tell({ again: true });
      },
      { background: true },
    );
  }

  #tell({ again }: { readonly again: boolean }): void {
    // What was known of last time is not gone: it is still being laid out, and told of afterwards.
    if (!this.#isLaidOut) this.#isAgain ||= again;
    if (!this.#isConnected || !this.#isLaidOut) return;
    for (const topic of this.#known.keys()) this.#queue.set(topic, again || this.#queue.get(topic) === true);
    this.#pace ??= this.#options.clock.setTimer(0 as Millis, () => this.#next(), { background: true });
  }

  /** One at a time, also because each is written as JSON only now. */
  #next(): void {
    this.#pace = undefined;
    const [first] = this.#queue;
    if (first === undefined) {
      this.#sayFarewell();
      return;
    }
    const [topic, again] = first;
    this.#queue.delete(topic);
    const message = this.#messageOf(topic);
    const isNew = again || this.#messages.get(topic)?.payload.equals(message.payload) !== true;
    if (isNew) {
      this.#messages.set(topic, message);
      this.#options.link.retain(topic, message);
    }
    this.#pace = this.#options.clock.setTimer(isNew ? PACE : (0 as Millis), () => this.#next(), { background: true });
  }

  #messageOf(topic: string): Message {
    const page = this.#pages.get(topic);
    // Empty, it removes the device, too, when nothing else is on it.
    return page === undefined ? CLEARED : jsonMessage(payloadOf(page));
  }

  /** After a while, what is gone is left out of the messages. */
  #sayFarewell(): void {
    this.#farewell?.cancel();
    const leaving = [...this.#known].some(([topic]) => (this.#pages.get(topic)?.gone.size ?? 1) > 0);
    if (!leaving) return;
    this.#farewell = this.#options.clock.setTimer(FAREWELL, () => this.#forgetGone(), { background: true });
  }

  #forgetGone(): void {
    for (const topic of this.#known.keys()) {
      if (this.#pages.has(topic)) continue;
      this.#messages.delete(topic);
      this.#options.link.forget(topic);
    }
    this.#known = new Map([...this.#pages].map(([topic, page]) => [topic, knownOf({ ...page, gone: new Map() })]));
    this.update();
  }

  #save(): void {
    const { store, onFailed } = this.#options;
    const known = this.#known;
    this.#saving = this.#saving
      .then(() => store.save(known))
      .catch((error: unknown) => onFailed(knownError('home-assistant', error)));
  }
}

function devicesOf(node: DescribedNode): DiscoveredDevice[] {
  return [nodeDevice(node), ...node.sources.map((source) => sourceDevice(node, source))];
}
