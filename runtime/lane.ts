import type { Bundle } from '../models/bundle/bundle';
import type { Manifest } from '../models/bundle/manifest';
import type { Clock } from './clock';
import type { PublishConfig, SourceConfig } from './config/config';
import type { Embedding } from './embedding';
import { SensebindError } from './errors';
import type { FramePool } from './frames';
import type { Engine } from './inference/engine';
import type { Interpreter } from './interpreter';
import { knownError } from './knownError';
import type { HealthMessage } from './mqtt/messages';
import type { NodePublisher } from './mqtt/nodePublisher';
import type { PipelineEvent } from './pipelineEvent';
import { RateLimit } from './rateLimit';
import type { Reading } from './reading';
import type { Source, SourceStatus } from './source';
import type { Window, WindowSpan, Windows } from './window/window';
import { windowsFor } from './window/windowsFor';

/** A source and what the configuration says of it. */
export interface LaneSource {
  readonly source: Source;
  readonly config: SourceConfig;
}

export interface LaneOptions {
  readonly source: LaneSource;
  readonly interpreter: Interpreter;
  readonly publish: PublishConfig;
  readonly bundle: Bundle;
  readonly engine: Engine;
  readonly publisher: NodePublisher;
  readonly pool: FramePool;
  readonly clock: Clock;
  readonly onEvent: (event: PipelineEvent) => void;
  /** The source has nothing more to read, and all that it read is dealt with. */
  readonly onEnded: (lane: Lane) => void;
}

/** What waited longer for the encoder would reach readers after its message has expired. */
const LATEST_START_MICROS = 5_000_000;

/** Encoding times that the percentiles of the health message are taken from. */
const REMEMBERED = 256;

/** One source's way through the pipeline. */
export class Lane {
  readonly #options: LaneOptions;
  readonly #windows: Windows;
  readonly #underWay = new Set<Promise<void>>();
  readonly #drops: Record<string, number> = {};
  readonly #encodeMillis: number[] = [];
  readonly #embeddingRate: RateLimit;
  readonly #scoresRate: RateLimit;
  #windowCount = 0;
  #embeddingCount = 0;
  #gaps = 0;

  /**
   * @throws {SensebindError} `MODALITY_UNKNOWN` when the bundle has no encoder for the source; `INPUT_UNSUPPORTED` when
   * its encoder takes no stream.
   */
  constructor(options: LaneOptions) {
    const { source, config } = options.source;
    const encoder = options.bundle.manifest.encoders[source.modality];
    if (encoder === undefined) throw noEncoder(source, options.bundle.manifest);
    this.#options = options;
    const { clock, publish } = options;
    this.#embeddingRate = new RateLimit({ clock, maxRateHz: publish.embeddings.maxRateHz });
    this.#scoresRate = new RateLimit({ clock, maxRateHz: publish.scores.maxRateHz });
    this.#windows = windowsFor(
      {
        source: source.id,
        modality: source.modality,
        spec: encoder.input,
        preset: encoder.preset,
        size: config,
        channel: config.channel,
        pool: options.pool,
        clock,
      },
      {
        window: (window) => this.#take(window),
        dropped: (reason, amount) => this.#drop(reason, amount),
        gap: () => {
          this.#gaps++;
        },
      },
    );
  }

  get id(): string {
    return this.#options.source.source.id;
  }

  /** Its source is switched off or muted. */
  get isDisabled(): boolean {
    return this.#options.source.source.status.state === 'disabled';
  }

  start(): void {
    const { source } = this.#options.source;
    this.#tellStatus(source.status);
    source.start({
      reading: (reading) => this.#append(reading),
      lost: (reason, amount) => this.#drop(reason, amount),
      interrupted: () => this.#windows.interrupt(),
      status: (status) => this.#tellStatus(status),
      ended: () => {
        this.#windows.finish();
        void this.settled().then(() => this.#options.onEnded(this));
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
    await Promise.all(this.#underWay);
  }

  health(): HealthMessage['sources'][string] {
    const sorted = [...this.#encodeMillis].sort((a, b) => a - b);
    const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
    return {
      windows: this.#windowCount,
      embeddings: this.#embeddingCount,
      gaps: this.#gaps,
      drops: { ...this.#drops },
      encode_ms: sorted.length === 0 ? null : { p50: at(0.5), p95: at(0.95) },
    };
  }

  #append(reading: Reading): void {
    this.#try(() => this.#options.interpreter.reading(this.id, reading));
    this.#try(() => this.#windows.append(reading));
  }

  #try(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#failed(error);
    }
  }

  #take(window: Window): void {
    this.#windowCount++;
    const work = this.#process(window)
      .catch((error: unknown) => this.#failed(error))
      .finally(() => {
        window.frame.release();
        this.#underWay.delete(work);
      });
    this.#underWay.add(work);
  }

  async #process({ input, completedMicros, flags, ...span }: Window): Promise<void> {
    const { engine, clock, source } = this.#options;
    const { id, modality } = source.source;
    const deadlineMicros = completedMicros + LATEST_START_MICROS;
    const { startMicros, endMicros } = span;
    const request = { source: id, startMicros, endMicros, flags, deadlineMicros };
    const embedding = await engine.encode(modality, input, request);
    this.#remember((clock.monotonicMicros() - completedMicros) / 1000);
    this.#embeddingCount++;
    this.#publish(embedding, span);
  }

  #publish(embedding: Embedding, span: Pick<WindowSpan, 'monotonicEndMicros'>): void {
    const { publisher, publish, interpreter, onEvent } = this.#options;
    if (publish.embeddings.enabled && this.#embeddingRate.pass()) publisher.embedding(this.id, embedding);
    onEvent({ kind: 'embedding', source: this.id, embedding });
    const isPublished = interpreter.labelSetsOf(this.id).length > 0 && this.#scoresRate.pass();
    const found = interpreter.embedding(this.id, embedding, { span, wantsScores: isPublished });
    if (!isPublished) return;
    for (const scores of found) {
      publisher.scores(this.id, { embedding, scores, topK: publish.scores.topK });
      onEvent({ kind: 'scores', source: this.id, scores });
    }
  }

  #failed(error: unknown): void {
    const known = knownError(this.id, error);
    this.#drop(known.code.toLowerCase());
    this.#options.onEvent({ kind: 'failed', source: this.id, error: known });
  }

  #drop(reason: string, amount = 1): void {
    this.#drops[reason] = (this.#drops[reason] ?? 0) + amount;
  }

  #tellStatus(status: SourceStatus): void {
    const { publisher, source, interpreter, onEvent } = this.#options;
    const { id, modality } = source.source;
    publisher.source({ id, modality, device: source.config.device.kind }, { ...status, gaps: this.#gaps });
    interpreter.setPresent(id, status.state === 'online');
    onEvent({ kind: 'source', source: id, status });
  }

  #remember(millis: number): void {
    this.#encodeMillis.push(millis);
    if (this.#encodeMillis.length > REMEMBERED) this.#encodeMillis.shift();
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
