import type { Bundle } from '../models/bundle/bundle';
import type { Manifest } from '../models/bundle/manifest';
import type { Clock } from './clock';
import type { Recordings } from './commands/verbs/recording';
import type { PublishConfig, SourceConfig } from './config/config';
import type { Embedding } from './embedding';
import { SensebindError } from './errors';
import type { FramePool } from './frames';
import type { Engine } from './inference/engine';
import type { Interpreter } from './interpreter';
import { knownError } from './knownError';
import { LaneMeter } from './laneMeter';
import type { NodePublisher } from './mqtt/nodePublisher';
import type { PipelineEvent } from './pipelineEvent';
import type { SourceStats } from './pipelineStats';
import { RateLimit } from './rateLimit';
import type { Reading } from './reading';
import type { Source, SourceStatus } from './source';
import { SourceEncoder } from './sourceEncoder';
import type { WindowSpan } from './window/window';

/** A source and what the configuration says of it. */
export interface LaneSource {
  readonly source: Source;
  readonly config: SourceConfig;
}

/** What becomes of embeddings: may be changed between two of them. */
export interface Course {
  readonly interpreter: Interpreter;
  readonly publish: PublishConfig;
}

export interface LaneOptions extends Course {
  readonly source: LaneSource;
  readonly bundle: Bundle;
  readonly engine: Engine;
  readonly publisher: NodePublisher;
  readonly pool: FramePool;
  readonly clock: Clock;
  readonly onEvent: (event: PipelineEvent) => void;
  /** Where readings go to be recorded, too. */
  readonly recordings?: Pick<Recordings, 'reading' | 'lost'> | undefined;
  /** The source is on: called with each of its states but `disabled`. */
  readonly onOn: (lane: Lane) => void;
  /** The source has nothing more to read, and all that it read is dealt with. */
  readonly onEnded: (lane: Lane) => void;
}

/** One source's way through the pipeline. */
export class Lane {
  readonly #options: LaneOptions;
  readonly #encoder: SourceEncoder;
  readonly #meter: LaneMeter;
  #course: Course;
  #embeddingRate: RateLimit;
  #scoresRate: RateLimit;

  /**
   * @throws {SensebindError} `MODALITY_UNKNOWN` when the bundle has no encoder for the source; `INPUT_UNSUPPORTED` when
   * its encoder takes no stream.
   */
  constructor(options: LaneOptions) {
    const { source, config } = options.source;
    if (options.bundle.manifest.encoders[source.modality] === undefined) {
      throw noEncoder(source, options.bundle.manifest);
    }
    this.#options = options;
    const { clock, interpreter, publish } = options;
    this.#meter = new LaneMeter(clock);
    this.#course = { interpreter, publish };
    this.#embeddingRate = new RateLimit({ clock, maxRateHz: publish.embeddings.maxRateHz });
    this.#scoresRate = new RateLimit({ clock, maxRateHz: publish.scores.maxRateHz });
    this.#encoder = new SourceEncoder({
      ...{ source: source.id, modality: source.modality, size: config, channel: config.channel },
      ...{ bundle: options.bundle, engine: options.engine, pool: options.pool, clock, meter: this.#meter },
      onEmbedding: (embedding, span) => this.#publish(embedding, span),
      onFailed: (error) => options.onEvent({ kind: 'failed', source: source.id, error }),
    });
  }

  get id(): string {
    return this.#options.source.source.id;
  }

  /** Its source is switched off or muted. */
  get isDisabled(): boolean {
    return this.#options.source.source.status.state === 'disabled';
  }

  get source(): LaneSource {
    return this.#options.source;
  }

  /** From now on, what it embeds takes another course. */
  take(course: Course): void {
    const { clock } = this.#options;
    const { embeddings, scores } = course.publish;
    const before = this.#course.publish;
    this.#course = course;
    course.interpreter.setPresent(this.id, this.#options.source.source.status.state === 'online');
    if (embeddings.maxRateHz !== before.embeddings.maxRateHz) {
      this.#embeddingRate = new RateLimit({ clock, maxRateHz: embeddings.maxRateHz });
    }
    if (scores.maxRateHz !== before.scores.maxRateHz) {
      this.#scoresRate = new RateLimit({ clock, maxRateHz: scores.maxRateHz });
    }
  }

  start(): void {
    const { source } = this.#options.source;
    this.#tellStatus(source.status);
    source.start({
      reading: (reading) => this.#append(reading),
      lost: (reason, amount) => {
        this.#options.recordings?.lost(this.id, reason, amount);
        this.#meter.drop(reason, amount);
      },
      interrupted: () => this.#encoder.interrupt(),
      status: (status) => {
        if (status.state !== 'disabled') this.#options.onOn(this);
        this.#tellStatus(status);
      },
      ended: () => {
        void this.#encoder.finish().then(() => this.#options.onEnded(this));
      },
    });
  }

  /** Ends the source; windows under way are encoded and published first. */
  async stop(): Promise<void> {
    await this.#options.source.source.close();
    await this.settled();
    this.#tellStatus(this.#options.source.source.status);
  }

  /** Resolves when every window that is complete is dealt with. */
  async settled(): Promise<void> {
    await this.#encoder.settled();
  }

  stats(): SourceStats {
    const { modality, status } = this.#options.source.source;
    return { modality, state: status.state, ...this.#meter.stats() };
  }

  #append(reading: Reading): void {
    this.#try(() => this.#options.recordings?.reading(this.id, reading));
    this.#try(() => this.#course.interpreter.reading(this.id, reading));
    this.#encoder.append(reading);
  }

  #try(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#failed(error);
    }
  }

  #publish(embedding: Embedding, span: Pick<WindowSpan, 'monotonicEndMicros'>): void {
    const { publisher, clock, onEvent } = this.#options;
    const { publish, interpreter } = this.#course;
    const startMicros = clock.monotonicMicros();
    if (publish.embeddings.enabled && this.#embeddingRate.pass()) publisher.embedding(this.id, embedding);
    onEvent({ kind: 'embedding', source: this.id, embedding });
    const isPublished = interpreter.labelSetsOf(this.id).length > 0 && this.#scoresRate.pass();
    const sentMicros = clock.monotonicMicros();
    const found = interpreter.embedding(this.id, embedding, { span, wantsScores: isPublished });
    const scoredMicros = clock.monotonicMicros();
    for (const scores of isPublished ? found : []) {
      publisher.scores(this.id, { embedding, scores, topK: publish.scores.topK });
      onEvent({ kind: 'scores', source: this.id, scores });
    }
    this.#meter.took('score', scoredMicros - sentMicros);
    this.#meter.took('publish', sentMicros - startMicros + clock.monotonicMicros() - scoredMicros);
  }

  #failed(error: unknown): void {
    const known = knownError(this.id, error);
    this.#meter.drop(known.code.toLowerCase());
    this.#options.onEvent({ kind: 'failed', source: this.id, error: known });
  }

  #tellStatus(status: SourceStatus): void {
    const { publisher, source, onEvent } = this.#options;
    const { id, modality } = source.source;
    publisher.source({ id, modality, device: source.config.device.kind }, { ...status, gaps: this.#meter.gaps });
    this.#course.interpreter.setPresent(id, status.state === 'online');
    onEvent({ kind: 'source', source: id, status });
  }
}

/** For a source whose modality a bundle does not know. */
export function noEncoder(source: Pick<Source, 'id' | 'modality'>, { encoders }: Manifest): SensebindError {
  return new SensebindError(
    'MODALITY_UNKNOWN',
    `expected an encoder of ${source.modality} for the source "${source.id}", found ${Object.keys(encoders).join(', ')}`,
    `convert the checkpoint again with --modalities …,${source.modality}, or leave the source out`,
  );
}
