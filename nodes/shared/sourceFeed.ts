import type { Clock } from '../../runtime/clock';
import { Rate } from '../../runtime/rate';
import type { Loss, Modality, Reading } from '../../runtime/reading';
import type { SourceEvents, SourceStatus } from '../../runtime/source';
import type { Message } from './defineNode';
import { liveBoard } from './live/board';
import { nodeError } from './nodeError';
import { ORIGIN, type Origin, readingPayload } from './payloads';
import type { NodeStatus } from './statusLine';

export interface FeedOptions {
  /** Under which the live board keeps it: the id of the node, and more where a node has several sources. */
  readonly key: string;
  readonly source: string;
  readonly modality: Modality;
  readonly clock: Clock;
  readonly send: (message: Message) => void;
  /** What its device failed with: told once for each way of failing, however long it lasts. */
  readonly fail: (error: unknown) => void;
  /** Something that the status shows is another. */
  readonly changed: () => void;
}

/** Names of the sources that run, by their key on the live board. */
export const runningSources = new Map<string, string>();

/** Makes messages of what one source tells, and knows how it is. */
export class SourceFeed implements SourceEvents {
  readonly source: string;
  readonly #options: FeedOptions;
  readonly #rate: Rate;
  readonly #losses = new Map<Loss, number>();
  #status: SourceStatus = { state: 'offline', reason: 'not started' };
  #hasEnded: boolean = false;
  /** State and code of the failure that was told last. */
  #told = '';

  constructor(options: FeedOptions) {
    this.source = options.source;
    this.#options = options;
    runningSources.set(options.key, options.source);
    this.#rate = new Rate(options.clock);
  }

  get state(): SourceStatus {
    return this.#status;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Readings a second, lately. */
  get perSecond(): number {
    return this.#rate.perSecond();
  }

  /** What did not become a reading, by reason. */
  get losses(): ReadonlyMap<Loss, number> {
    return this.#losses;
  }

  reading(reading: Reading): void {
    const { key, source, modality, send, changed } = this.#options;
    const at = { monotonicMicros: reading.monotonicMicros, epochMicros: reading.timeMicros };
    const origin: Origin = { kind: 'reading', source, modality, at };
    this.#rate.add();
    liveBoard.reading(key, reading);
    changed();
    send({ topic: source, payload: readingPayload(reading), [ORIGIN]: origin });
  }

  lost(reason: Loss, amount: number): void {
    this.#losses.set(reason, (this.#losses.get(reason) ?? 0) + amount);
    this.#options.changed();
  }

  interrupted(): void {
    // Windows see it by the times of the readings.
  }

  status(status: SourceStatus): void {
    const { key, source, modality, fail, changed } = this.#options;
    this.#status = status;
    this.#hasEnded = false;
    liveBoard.status(key, { source, modality, status });
    changed();
    const failure = status.error === undefined ? '' : `${status.state} ${status.error.code}`;
    if (status.error !== undefined && failure !== this.#told) fail(nodeError(status.error));
    this.#told = failure;
  }

  ended(): void {
    this.#hasEnded = true;
    this.#options.changed();
  }

  /** Nobody shows it any more. */
  forget(): void {
    const { key, source } = this.#options;
    liveBoard.forget(key);
    if (runningSources.get(key) === source) runningSources.delete(key);
  }
}

/** Longer text does not fit below a node. */
const LONGEST_TEXT = 60;

/** What stands below a node with one source. */
export function statusOfFeed(feed: SourceFeed): NodeStatus {
  const { state, reason = '', error } = feed.state;
  if (feed.hasEnded) return { fill: 'grey', shape: 'dot', text: 'played to its end' };
  switch (state) {
    case 'online':
      return { fill: 'green', shape: 'dot', text: figuresOf([feed]) };
    case 'offline':
      if (error === undefined) return { fill: 'yellow', shape: 'ring', text: 'waiting for readings' };
      return { fill: 'red', shape: 'ring', text: shortened(`offline: ${reason}`) };
    case 'degraded':
      return { fill: 'yellow', shape: 'ring', text: shortened(`degraded: ${reason}`) };
    case 'disabled':
      return { fill: 'grey', shape: 'ring', text: reason };
  }
}

/** What stands below a node with several: the figures of all, or what is wrong with the first that is not well. */
export function statusOfFeeds(feeds: readonly SourceFeed[]): NodeStatus {
  const [only, ...others] = feeds;
  if (only === undefined) return { fill: 'grey', shape: 'ring', text: 'no source' };
  if (others.length === 0) return statusOfFeed(only);
  if (feeds.every(({ hasEnded }) => hasEnded)) return statusOfFeed(only);
  const online = feeds.filter(({ state }) => state.state === 'online');
  if (online.length === feeds.length) {
    return { fill: 'green', shape: 'dot', text: `${feeds.length} sources, ${figuresOf(feeds)}` };
  }
  if (feeds.every(({ state }) => state.state === 'disabled')) return statusOfFeed(only);
  const unwell =
    feeds.find(({ state }) => state.error !== undefined) ?? feeds.find(({ state }) => state.state !== 'online') ?? only;
  const { fill, text } = statusOfFeed(unwell);
  return { fill, shape: 'ring', text: shortened(`${online.length} of ${feeds.length}, ${unwell.source}: ${text}`) };
}

function figuresOf(feeds: readonly SourceFeed[]): string {
  const rate = feeds.reduce((sum, { perSecond }) => sum + perSecond, 0);
  const losses = new Map<Loss, number>();
  for (const feed of feeds)
    for (const [reason, amount] of feed.losses) losses.set(reason, (losses.get(reason) ?? 0) + amount);
  return shortened(
    [`${rate.toFixed(1)}/s`, ...[...losses].map(([reason, amount]) => `${amount} ${reason}`)].join(', '),
  );
}

function shortened(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT - 1)}…`;
}
