import type { Bundle } from '../models/bundle/bundle';
import type { Clock, Millis, Timer } from './clock';
import type { Config } from './config/config';
import { FramePool } from './frames';
import { encoderHash } from './inference/encoderHash';
import type { Engine } from './inference/engine';
import { Lane, type LaneSource } from './lane';
import type { BrokerAccess } from './mqtt/connection';
import { schemaIds } from './mqtt/messages';
import { NodePublisher } from './mqtt/nodePublisher';
import type { Outbox } from './mqtt/sender/outbox';
import type { PipelineEvent } from './pipelineEvent';
import { type CompiledLabelSet, compileLabelSet } from './zeroshot/compileLabelSet';
import { nameOf } from './zeroshot/labelSet';

export interface PipelineOptions {
  readonly config: Config;
  readonly bundle: Bundle;
  readonly engine: Engine;
  readonly access: BrokerAccess;
  /** Belongs to the caller, as engine and bundle do. */
  readonly outbox: Outbox;
  readonly sources: readonly LaneSource[];
  readonly clock: Clock;
  readonly version: string;
  readonly onEvent: (event: PipelineEvent) => void;
}

const HEALTH_PERIOD = 10_000 as Millis;

/** Windows of all sources that may wait for the worker, and their memory. */
const FRAME_LIMITS = { frames: 64, bytes: 64 * 2 ** 20 } as const;

/**
 * The whole path, headless: sources → windows → encoder → scores → MQTT. One lane a source; nothing that happens in one
 * stops another. Engine and bundle belong to the caller.
 */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #publisher: NodePublisher;
  readonly #lanes: readonly Lane[];
  readonly #startedMicros: number;
  #health: Timer | undefined;
  /** Lanes whose sources have not come to their end. */
  readonly #running = new Set<Lane>();

  private constructor(options: PipelineOptions, compiled: ReadonlyMap<string, CompiledLabelSet>) {
    const { config, access, outbox, clock, engine, bundle, sources, onEvent } = options;
    this.#options = options;
    this.#startedMicros = clock.monotonicMicros();
    this.#publisher = new NodePublisher({
      access,
      protocol: config.broker.protocol,
      base: config.baseTopic,
      node: config.node,
      elementType: config.publish.embeddings.elementType,
      outbox,
      clock,
    });
    const pool = new FramePool(FRAME_LIMITS);
    this.#lanes = sources.map(
      (source) =>
        new Lane({
          source,
          labelSets: source.config.labels.map((id) => compiled.get(id)).filter((set) => set !== undefined),
          publish: config.publish,
          bundle,
          engine,
          publisher: this.#publisher,
          pool,
          clock,
          onEvent,
          onEnded: (lane) => this.#laneEnded(lane),
        }),
    );
  }

  /**
   * Embeds the words of every label set, then makes the lanes. Nothing is read or published yet.
   *
   * @throws {SensebindError} `WORD_UNKNOWN`, `MODALITY_UNKNOWN` for a bundle without text or without a source's modality,
   * `CONFIG_INVALID`, and the engine's errors.
   */
  static async create(options: PipelineOptions): Promise<Pipeline> {
    const compiled = new Map<string, CompiledLabelSet>();
    for (const labelSet of options.config.labelSets) {
      const embedText = (text: string) => options.engine.encode('text', { kind: 'text', text });
      compiled.set(labelSet.id, await compileLabelSet(labelSet, embedText));
    }
    return new Pipeline(options, compiled);
  }

  /** Where the messages of this node stand. */
  get root(): string {
    return this.#publisher.root;
  }

  start(): void {
    const { onEvent } = this.#options;
    // A source that is switched off never ends, and must not keep the others from ending the whole.
    for (const lane of this.#lanes) if (!lane.isDisabled) this.#running.add(lane);
    // First, so that the states of the sources are published before the node says that it is online.
    for (const lane of this.#lanes) lane.start();
    this.#publisher.start(this.#info(), (event) => {
      if (event.kind === 'connected') this.#tellHealth();
      onEvent({ kind: 'broker', event });
    });
    this.#beat();
  }

  /** Ends the sources, publishes what is still under way, says goodbye to the broker. Always ends. */
  async stop(): Promise<void> {
    this.#health?.cancel();
    await Promise.all(this.#lanes.map((lane) => lane.stop()));
    await this.#publisher.stop();
  }

  #laneEnded(lane: Lane): void {
    if (this.#running.delete(lane) && this.#running.size === 0) this.#options.onEvent({ kind: 'ended' });
  }

  #beat(): void {
    const beat = (): void => {
      this.#tellHealth();
      this.#beat();
    };
    this.#health = this.#options.clock.setTimer(HEALTH_PERIOD, beat, { background: true });
  }

  #tellHealth(): void {
    this.#publisher.health({
      uptime_s: (this.#options.clock.monotonicMicros() - this.#startedMicros) / 1e6,
      rss_mb: process.memoryUsage.rss() / 1e6,
      drops: {},
      sources: Object.fromEntries(this.#lanes.map((lane) => [lane.id, lane.health()])),
    });
  }

  #info(): Parameters<NodePublisher['start']>[0] {
    const { config, bundle, version, sources } = this.#options;
    const { name, variant, space, dimensions, trained, licence, encoders } = bundle.manifest;
    return {
      node: config.node,
      version,
      bundle: { name, variant, space, dimensions, trained, licence: licence.name },
      models: Object.entries(encoders).map(([modality, encoder]) => ({
        modality,
        sha256: encoderHash(encoder),
        precision: encoder.precision,
        preset: encoder.preset,
      })),
      sources: sources.map(({ source, config: { device, labels } }) => ({
        id: source.id,
        modality: source.modality,
        device: device.kind,
        labels: [...labels],
      })),
      sets: config.labelSets.map(nameOf),
      schemas: [...schemaIds],
    };
  }
}
