import { type Clock, type Micros, type Millis, systemClock, type Timer } from '../../runtime/clock';
import type { Embedding } from '../../runtime/embedding';
import type { SensebindError } from '../../runtime/errors';
import type { DetectedEvent } from '../../runtime/events/detectedEvent';
import type { Fused } from '../../runtime/fusion/group';
import type { BrokerAccess, ProtocolVersion } from '../../runtime/mqtt/connection';
import type { LinkEvent } from '../../runtime/mqtt/link';
import type { VectorElementType } from '../../runtime/mqtt/messages';
import { NodePublisher, type Seen as SeenSpan } from '../../runtime/mqtt/nodePublisher';
import { Outbox } from '../../runtime/mqtt/sender/outbox';
import type { SpoolEvent } from '../../runtime/mqtt/spool/spool';
import { Vitals } from '../../runtime/vitals';
import type { Scores } from '../../runtime/zeroshot/score';
import { Announcer, type AnnouncerOptions } from './announcer';
import { KeptEvents } from './keptEvents';
import { DEVICE, Seen, type SeenSource, SILENT_MICROS } from './seen';

export interface BrokerServiceOptions {
  readonly access: BrokerAccess;
  readonly protocol: ProtocolVersion | 'auto';
  readonly base: string;
  readonly node: string;
  readonly version: string;
  readonly elementType: VectorElementType;
  /** Of this node only. */
  readonly spool: { readonly folder: string; readonly maxBytes?: number; readonly lifeSeconds?: number };
  /** Left out: Home Assistant is told nothing. */
  readonly homeAssistant?: Pick<AnnouncerOptions, 'prefix' | 'folder' | 'isEnabled'>;
  readonly clock?: Clock;
}

/** How it stands with the broker. */
export type BrokerState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'connected'; readonly version: ProtocolVersion }
  | { readonly kind: 'disconnected'; readonly error: SensebindError }
  | { readonly kind: 'rival'; readonly error: SensebindError };

/** A node that publishes. */
export interface BrokerUser {
  /** Something of {@link BrokerService.state} or {@link BrokerService.figures} may have changed. */
  changed(): void;
  failed(error: SensebindError): void;
}

/** How much each source of a group counted. */
type Fusion = Pick<Fused, 'weights' | 'missing'>;

/** What waits, and what was lost for good. */
export interface BrokerFigures {
  readonly waiting: number;
  readonly dropped: number;
  /** The disk takes nothing at the moment. */
  readonly isSpoolFailing: boolean;
}

/** What words say of a source or group. */
export interface Scored {
  readonly source: string;
  readonly modality: string;
  /** Of a group of sources. */
  readonly fusion: Fusion | undefined;
  readonly scores: Scores;
  readonly seen: SeenSpan;
  readonly topK: number;
}

const HEALTH_PERIOD = 10_000 as Millis;
const LOOK_PERIOD = 1000 as Millis;

/** A process with this node's id that was not heard of for so long is gone. */
const RIVAL_MICROS = 60_000_000;

/** Publishes as one node of contract v1, for all publish nodes of a flow that use one broker node. */
export class BrokerService {
  readonly #options: BrokerServiceOptions;
  readonly #clock: Clock;
  readonly #outbox: Outbox;
  readonly #events: KeptEvents;
  readonly #publisher: NodePublisher;
  readonly #announcer: Announcer | undefined;
  readonly #seen: Seen;
  readonly #vitals = new Vitals();
  readonly #users = new Set<BrokerUser>();
  readonly #startedMicros: Micros;
  #state: BrokerState = { kind: 'connecting' };
  /** As it was before a rival came. */
  #connected: BrokerState = { kind: 'connecting' };
  #rivalMicros: Micros = Number.NEGATIVE_INFINITY;
  #toldChanges = 0;
  /** What the users were told of a connection that is not there: not again with each attempt. */
  #toldProblem = '';
  #timers: Timer[] = [];

  private constructor(options: BrokerServiceOptions, outbox: Outbox) {
    const { access, protocol, base, node, elementType, clock = systemClock } = options;
    this.#options = options;
    this.#clock = clock;
    this.#outbox = outbox;
    this.#events = new KeptEvents(outbox, (error) => this.#fail(error));
    this.#seen = new Seen(clock);
    this.#startedMicros = clock.monotonicMicros();
    this.#publisher = new NodePublisher({ access, protocol, base, node, elementType, outbox, clock });
    const { homeAssistant, version } = options;
    if (homeAssistant !== undefined) {
      this.#announcer = new Announcer({
        ...homeAssistant,
        link: this.#publisher.link,
        ...{ base, node, version, clock },
        onFailed: (error) => this.#fail(error),
      });
    }
  }

  /**
   * Takes up what another process left in the spool, and begins to connect.
   *
   * @throws {SensebindError} `FILE_UNREADABLE`; `CONFIG_INVALID` for a base topic or a node id that cannot be one.
   */
  static async open(options: BrokerServiceOptions): Promise<BrokerService> {
    const { spool, clock = systemClock } = options;
    // The spool may speak before there is anybody to hear it.
    const early: SpoolEvent[] = [];
    let hear = (event: SpoolEvent): unknown => early.push(event);
    const outbox = await Outbox.open({ ...spool, clock, onEvent: (event) => hear(event) });
    try {
      const service = new BrokerService(options, outbox);
      hear = (event) => service.#hearSpool(event);
      await service.#announcer?.load();
      service.#start();
      for (const event of early) service.#hearSpool(event);
      return service;
    } catch (error) {
      await outbox.close();
      throw error;
    }
  }

  get state(): BrokerState {
    return this.#state;
  }

  figures(): BrokerFigures {
    const { waiting, lost, isFailing } = this.#events;
    return { waiting, dropped: lost + this.#linkDrops(), isSpoolFailing: isFailing };
  }

  /** Tells how it stands, now and whenever that changes. */
  attach(user: BrokerUser): void {
    this.#users.add(user);
    user.changed();
    // Whoever comes later must hear, too, that nothing can be published.
    if (this.#state.kind === 'disconnected' || this.#state.kind === 'rival') user.failed(this.#state.error);
  }

  detach(user: BrokerUser): void {
    this.#users.delete(user);
  }

  /** @throws {SensebindError} `CONFIG_INVALID` for a name that is no id; `INPUT_UNSUPPORTED` for too many sources. */
  embedding(source: string, embedding: Embedding): void {
    const seen = this.#present(source, embedding.modality);
    seen.embeddings++;
    seen.rate.add();
    this.#seen.model(embedding);
    this.#publisher.embedding(source, embedding);
    this.#tellChanges();
  }

  /** As {@link embedding}, of a group of sources. */
  fusedEmbedding(group: string, embedding: Embedding, fusion: Fusion): void {
    const { startMicros, endMicros, flags } = embedding;
    const fused: Fused = {
      ...fusion,
      group,
      embedding,
      scores: [],
      startMicros,
      endMicros,
      monotonicEndMicros: 0,
      flags,
    };
    this.#publisher.fused(fused, { topK: 0, withEmbedding: true });
    this.#seen.group(group, embedding.sources);
    this.#tellChanges();
  }

  /** As {@link embedding}. */
  scores({ source, modality, fusion, scores, seen, topK }: Scored): void {
    if (fusion !== undefined || this.#seen.groups.has(source)) {
      const { startMicros, endMicros, flags } = seen;
      const span = { startMicros, endMicros, monotonicEndMicros: 0, flags };
      const weighed = fusion ?? { weights: {}, missing: [] };
      this.#publisher.fused({ ...weighed, ...span, group: source, scores: [scores] }, { topK, withEmbedding: false });
      this.#seen.group(source);
    } else {
      const known = this.#present(source, modality);
      known.scores++;
      if (known.embeddings === 0) known.rate.add();
      this.#publisher.scores(source, { embedding: seen, scores, topK });
    }
    this.#seen.labelSet(source, scores.labelSet);
    this.#tellChanges();
  }

  /**
   * Resolves when the disk has it: then it arrives, sooner or later.
   *
   * @throws {SensebindError} `QUEUE_FULL` where the spool had to give something up, or the disk is too slow; `DISK_FULL`,
   * `FILE_UNWRITABLE` where it is kept in memory only; `CONFIG_INVALID` for a rule that is no id.
   */
  async event(event: DetectedEvent): Promise<void> {
    await this.#events.keep(() => {
      this.#seen.rule(event.rule, event.severity);
      this.#publisher.publishEvent(event);
      this.#tellChanges();
    });
  }

  /** Says that its sources and the node are gone, and closes. Always ends. */
  async close(): Promise<void> {
    for (const timer of this.#timers) timer.cancel();
    this.#vitals.stop();
    for (const source of this.#seen.sources.values()) this.#tellSource(source, 'offline', 'the flow was stopped');
    await this.#announcer?.stop();
    await this.#publisher.stop();
    await this.#outbox.close();
  }

  #start(): void {
    const { node, version } = this.#options;
    this.#publisher.start(this.#seen.info(node, version), (event) => this.#hear(event));
    this.#vitals.start();
    this.#every(HEALTH_PERIOD, () => {
      this.#vitals.refresh();
      this.#tellHealth();
    });
    this.#every(LOOK_PERIOD, () => {
      this.#lookForSilence();
      for (const user of this.#users) user.changed();
    });
  }

  #every(period: Millis, work: () => void): void {
    const index = this.#timers.length;
    const again = (): void => {
      this.#timers[index] = this.#clock.setTimer(
        period,
        () => {
          again();
          work();
        },
        { background: true },
      );
    };
    again();
  }

  #hear(event: LinkEvent): void {
    switch (event.kind) {
      case 'connected':
        this.#state = event;
        this.#connected = event;
        this.#toldProblem = '';
        this.#tellHealth();
        this.#announcer?.connected();
        break;
      case 'disconnected':
        this.#state = event;
        this.#announcer?.disconnected();
        // The link tries again and again: a Catch node hears of it once.
        if (event.error.code !== this.#toldProblem) this.#fail(event.error);
        this.#toldProblem = event.error.code;
        break;
      case 'rival':
        this.#state = event;
        this.#rivalMicros = this.#clock.monotonicMicros();
        this.#fail(event.error);
        break;
      case 'refused':
        this.#fail(event.error);
        break;
    }
    for (const user of this.#users) user.changed();
  }

  #hearSpool(event: SpoolEvent): void {
    this.#events.hear(event);
    for (const user of this.#users) user.changed();
  }

  #present(source: string, modality: string): SeenSource {
    // An id that cannot be one must not be remembered.
    this.#publisher.topics.source(source);
    const seen = this.#seen.source(source, modality);
    seen.latestMicros = this.#clock.monotonicMicros();
    if (seen.state !== 'online') this.#tellSource(seen, 'online', undefined);
    return seen;
  }

  #tellSource(source: SeenSource, state: SeenSource['state'], reason: string | undefined): void {
    source.state = state;
    const { id, modality, gaps } = source;
    this.#publisher.source(
      { id, modality, device: DEVICE },
      { state, gaps, ...(reason === undefined ? {} : { reason }) },
    );
  }

  #lookForSilence(): void {
    const now = this.#clock.monotonicMicros();
    for (const source of this.#seen.sources.values()) {
      if (source.state !== 'online' || now - source.latestMicros < SILENT_MICROS) continue;
      source.gaps++;
      this.#tellSource(source, 'degraded', `nothing came from it for ${SILENT_MICROS / 1e6} s`);
    }
    if (this.#state.kind !== 'rival' || now - this.#rivalMicros < RIVAL_MICROS) return;
    this.#state = this.#connected;
  }

  #tellChanges(): void {
    if (this.#seen.changes === this.#toldChanges) return;
    this.#toldChanges = this.#seen.changes;
    const { node, version } = this.#options;
    this.#publisher.tellInfo(this.#seen.info(node, version));
    this.#announcer?.update(this.#seen);
  }

  #tellHealth(): void {
    const { loopDelay, gpuCelsius } = this.#vitals;
    this.#publisher.health({
      uptime_s: (this.#clock.monotonicMicros() - this.#startedMicros) / 1e6,
      rss_mb: process.memoryUsage.rss() / 1e6,
      loop_delay_ms: {
        p50: loopDelay.p50Micros / 1000,
        p99: loopDelay.p99Micros / 1000,
        max: loopDelay.maxMicros / 1000,
      },
      gpu_celsius: gpuCelsius,
      drops: {},
      sources: this.#seen.health(),
    });
  }

  #linkDrops(): number {
    return Object.values(this.#publisher.counters().drops).reduce((sum, count) => sum + count, 0);
  }

  #fail(error: SensebindError): void {
    for (const user of this.#users) user.failed(error);
  }
}
