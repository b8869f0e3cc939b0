import type { Clock } from '../clock';
import type { Embedding } from '../embedding';
import type { DetectedEvent } from '../events/detectedEvent';
import type { Fused } from '../fusion/group';
import { newId } from '../newId';
import type { SourceStatus } from '../source';
import { topLabels } from '../zeroshot/labelColumns';
import type { Scores } from '../zeroshot/score';
import type { BrokerAccess, ProtocolVersion } from './connection';
import { HEALTH_EXPIRY_SECONDS, LIVE_EXPIRY_SECONDS } from './contract/channels';
import { EMBEDDING_CONTENT_TYPE, encodeEmbedding } from './embeddingMessage';
import { type EventMessage, eventMessage } from './eventMessage';
import { bitsOfFlags } from './flagBits';
import { BrokerLink, type LinkCounters, type LinkEvent } from './link';
import { jsonMessage, wordMessage } from './message';
import type {
  HealthMessage,
  InfoMessage,
  NodeClockQuality,
  ScoresMessage,
  SourceMessage,
  VectorElementType,
} from './messages';
import { RivalWatch } from './rivalWatch';
import type { Outbox } from './sender/outbox';
import type { SpoolPriority } from './spool/spool';
import { type Topics, topicsOf } from './topics';

export interface NodePublisherOptions {
  readonly access: BrokerAccess;
  readonly protocol: ProtocolVersion | 'auto';
  readonly base: string;
  readonly node: string;
  readonly elementType: VectorElementType;
  /** Belongs to the caller. */
  readonly outbox: Outbox;
  readonly clock: Clock;
}

/** Nobody has told this node how well its clock is kept. */
const CLOCK_QUALITY: NodeClockQuality = 'unsynced';

/** What is given up first when the disk has no room. */
const PRIORITY_OF = { info: 'low', warning: 'normal', alarm: 'high' } as const satisfies Record<
  EventMessage['severity'],
  SpoolPriority
>;

/** A source as the broker's readers know it. */
export interface PublishedSource {
  readonly id: string;
  readonly modality: string;
  readonly device: string;
}

/** What was scored, as far as its readers have to know it. */
export type Seen = Pick<Embedding, 'startMicros' | 'endMicros' | 'flags'>;

/** What a node is, beside what tells one start of it from another. */
export type NodeInfo = Omit<InfoMessage, 's' | 'boot' | 'started' | 'cq'>;

/** Puts what a node knows into the messages of contract v1 (reference/mqtt.md §4), and hands them to its broker. */
export class NodePublisher {
  readonly #options: NodePublisherOptions;
  readonly #topics: Topics;
  readonly #link: BrokerLink;
  readonly #sequences = new Map<string, number>();
  #elementType: VectorElementType;
  #startedMicros = 0;
  /** Changes with every start, so that readers notice restarts. */
  readonly boot: string;

  constructor(options: NodePublisherOptions) {
    const { access, protocol, base, node, outbox, clock } = options;
    this.#options = options;
    this.#elementType = options.elementType;
    this.#topics = topicsOf({ base, node });
    this.boot = this.#newId();
    this.#link = new BrokerLink({
      access,
      protocol,
      outbox,
      clock,
      will: { topic: this.#topics.status, message: wordMessage('offline') },
    });
  }

  /** Where everything of this node stands. */
  get root(): string {
    return this.#topics.root;
  }

  get topics(): Topics {
    return this.#topics;
  }

  /** For what this node reads of its broker. */
  get link(): BrokerLink {
    return this.#link;
  }

  start(info: NodeInfo, onEvent: (event: LinkEvent) => void): void {
    this.#startedMicros = this.#options.clock.epochMicros();
    this.#watchRivals(this.#startedMicros, onEvent);
    this.tellInfo(info);
    this.#link.retain(this.#topics.status, wordMessage('online'));
    this.#link.start(onEvent);
  }

  /** What the node is; again whenever that changes. */
  tellInfo(info: NodeInfo): void {
    const facts = { boot: this.boot, started: this.#startedMicros, cq: CLOCK_QUALITY };
    this.#link.retain(this.#topics.info, jsonMessage({ s: 'info/1', ...facts, ...info } satisfies InfoMessage));
  }

  /** How the numbers of vectors are written from now on. */
  useElementType(elementType: VectorElementType): void {
    this.#elementType = elementType;
  }

  source({ id, modality, device }: PublishedSource, status: SourceStatus & { readonly gaps: number }): void {
    const topics = this.#topics.source(id);
    const { state, reason = null, error, gaps } = status;
    const message: SourceMessage = {
      s: 'source/1',
      src: id,
      boot: this.boot,
      modality,
      device,
      state,
      reason,
      code: error?.code ?? null,
      cure: error?.cure ?? null,
      gaps,
      since: this.#options.clock.epochMicros(),
    };
    this.#link.retain(topics.state, jsonMessage(message));
    this.#link.retain(topics.status, wordMessage(state === 'degraded' ? 'offline' : state));
  }

  embedding(source: string, embedding: Embedding): void {
    this.#publishEmbedding(this.#topics.source(source).embedding, { source, embedding });
  }

  scores(
    source: string,
    { embedding, scores, topK }: { readonly embedding: Seen; readonly scores: Scores; readonly topK: number },
  ): void {
    this.#publishScores(this.#topics.source(source).scores, { source, scores, topK, seen: embedding });
  }

  /** What a group of sources says together; its embedding only where it is asked for. */
  fused(fused: Fused, { topK, withEmbedding }: { readonly topK: number; readonly withEmbedding: boolean }): void {
    const { group, embedding } = fused;
    const topics = this.#topics.fused(group);
    if (withEmbedding && embedding !== undefined) {
      this.#publishEmbedding(topics.embedding, { source: group, embedding, fused });
    }
    for (const scores of fused.scores) {
      this.#publishScores(topics.scores, { source: group, scores, topK, seen: fused });
    }
  }

  /**
   * Something started, goes on, or ended: kept until the broker has it. The phases of one event arrive in their order.
   */
  publishEvent(event: DetectedEvent): void {
    const message = eventMessage(event, { boot: this.boot });
    const id = `${message.id}-${message.seq}`;
    const { live, backfill } = this.#topics.event(event.rule);
    this.#options.outbox.post(PRIORITY_OF[message.severity], {
      topic: live,
      lateTopic: backfill,
      message: jsonMessage(message, {
        attributes: this.#attributes({ id, schema: 'event/1', endMicros: message.t_detect }),
      }),
    });
  }

  health(health: Omit<HealthMessage, 's' | 'boot' | 't' | 'reconnects' | 'published' | 'spool'>): void {
    const { connects, published, drops } = this.#link.counters();
    const spool = this.#options.outbox.counters();
    const message: HealthMessage = {
      s: 'health/1',
      boot: this.boot,
      t: this.#options.clock.epochMicros(),
      reconnects: Math.max(0, connects - 1),
      published,
      ...health,
      drops: { ...drops, ...prefixed('spool_', spool.drops), ...health.drops },
      spool: {
        records: spool.records,
        bytes: spool.bytes,
        oldest_s: spool.oldestMillis === undefined ? null : Math.round(spool.oldestMillis / 1000),
        dropped: Object.values(spool.drops).reduce((sum, count) => sum + count, 0),
        delivered: spool.delivered,
        dead_letters: spool.deadLetters,
      },
    };
    this.#link.publish(this.#topics.health, jsonMessage(message, { expirySeconds: HEALTH_EXPIRY_SECONDS }));
  }

  counters(): LinkCounters & { readonly connected: boolean } {
    return { ...this.#link.counters(), connected: this.#link.connected };
  }

  /** Says `stopped`, so that nobody takes the end for a failure, and closes. Always ends. */
  async stop(): Promise<void> {
    this.#link.retain(this.#topics.status, wordMessage('stopped'));
    await this.#link.stop();
  }

  #watchRivals(started: number, onEvent: (event: LinkEvent) => void): void {
    const { node, clock } = this.#options;
    const watch = new RivalWatch({
      self: { boot: this.boot, started },
      node,
      clock,
      onRival: (error, delay) => {
        if (delay !== undefined) return this.#link.retreat(error, delay);
        onEvent({ kind: 'rival', error });
        // For those who read what the other one published, and for the other one, to leave.
        this.#link.refresh();
      },
    });
    const take = watch.take.bind(watch);
    this.#link.subscribe({ filter: this.#topics.info, retained: 'always', echo: true, take });
  }

  #publishEmbedding(
    topic: string,
    published: {
      readonly source: string;
      readonly embedding: Embedding;
      readonly fused?: Pick<Fused, 'weights' | 'missing'>;
    },
  ): void {
    const { source, embedding, fused } = published;
    const { clock } = this.#options;
    const sequence = this.#sequences.get(topic) ?? 0;
    this.#sequences.set(topic, sequence + 1);
    const id = this.#newId();
    const payload = encodeEmbedding(embedding, {
      id,
      source,
      boot: this.boot,
      sequence,
      publishedMicros: clock.epochMicros(),
      clockQuality: CLOCK_QUALITY,
      elementType: this.#elementType,
      ...(fused === undefined ? {} : { fused }),
    });
    this.#link.publish(topic, {
      payload,
      properties: {
        contentType: EMBEDDING_CONTENT_TYPE,
        text: false,
        expirySeconds: LIVE_EXPIRY_SECONDS,
        attributes: this.#attributes({ id, source, schema: 'emb/1', endMicros: embedding.endMicros }),
      },
    });
  }

  #publishScores(
    topic: string,
    published: {
      readonly source: string;
      readonly scores: Scores;
      readonly topK: number;
      readonly seen: Seen;
    },
  ): void {
    const { source, scores, topK, seen } = published;
    const message: ScoresMessage = {
      s: 'scores/1',
      id: this.#newId(),
      src: source,
      boot: this.boot,
      t0: seen.startMicros,
      t1: seen.endMicros,
      sp: scores.space,
      set: scores.labelSet,
      cal: scores.calibration,
      k: topLabels(scores, topK).map(({ label, probability, cosine, margin }) => ({
        l: label,
        p: scores.meaningful ? probability : null,
        cos: cosine,
        margin,
      })),
      bg: scores.bestBackgroundCosine,
      q: bitsOfFlags(seen.flags),
    };
    this.#link.publish(
      topic,
      jsonMessage(message, {
        expirySeconds: LIVE_EXPIRY_SECONDS,
        attributes: this.#attributes({ id: message.id, source, schema: 'scores/1', endMicros: seen.endMicros }),
      }),
    );
  }

  /** What makes a message a CloudEvent in MQTT 5's binary mode; all of it stands in the payload, too. */
  #attributes(event: {
    readonly id: string;
    /** Left out for what the node itself says. */
    readonly source?: string;
    readonly schema: 'emb/1' | 'scores/1' | 'event/1';
    readonly endMicros: number;
  }): Readonly<Record<string, string>> {
    return {
      specversion: '1.0',
      id: event.id,
      source: `/${this.#topics.root}${event.source === undefined ? '' : `/src/${event.source}`}`,
      type: `sensebind.${event.schema.replace('/', '.v')}`,
      time: new Date(event.endMicros / 1000).toISOString(),
      dataschema: event.schema,
    };
  }

  #newId(): string {
    return newId(this.#options.clock.epochMicros());
  }
}

function prefixed(prefix: string, counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [`${prefix}${name}`, count]));
}
