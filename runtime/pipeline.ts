import type { Bundle } from '../models/bundle/bundle';
import type { Clock, Millis, Timer } from './clock';
import type { Config } from './config/config';
import { EventKeeper, type EventStore } from './eventKeeper';
import type { DetectorMemory } from './events/detector';
import { FramePool } from './frames';
import { FusedPublisher } from './fusedPublisher';
import { encoderHash } from './inference/encoderHash';
import type { Engine } from './inference/engine';
import { Interpreter } from './interpreter';
import { knownError } from './knownError';
import { Lane, type LaneSource } from './lane';
import { LoopWatch } from './loopWatch';
import type { BrokerAccess } from './mqtt/connection';
import { schemaIds } from './mqtt/messages';
import { NodePublisher } from './mqtt/nodePublisher';
import type { Outbox } from './mqtt/sender/outbox';
import type { PipelineEvent } from './pipelineEvent';
import { nameOf } from './zeroshot/labelSet';
import { LabelSets } from './zeroshot/labelSets';

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
  /** Where events that go on are kept over a restart; left out, they are not. */
  readonly eventStore?: EventStore;
  readonly onEvent: (event: PipelineEvent) => void;
}

const HEALTH_PERIOD = 10_000 as Millis;

/** Windows of all sources that may wait for the worker, and their memory. */
const FRAME_LIMITS = { frames: 64, bytes: 64 * 2 ** 20 } as const;

/** What a pipeline begins with, made before anything is read. */
interface Beginning {
  readonly labelSets: LabelSets;
  readonly memory: DetectorMemory | undefined;
}

/**
 * The whole path, headless: sources → windows → encoder → scores → events → MQTT. One lane a source; nothing that happens
 * in one stops another. Engine and bundle belong to the caller.
 */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #publisher: NodePublisher;
  readonly #lanes: readonly Lane[];
  readonly #startedMicros: number;
  readonly #interpreter: Interpreter;
  readonly #memory: DetectorMemory | undefined;
  readonly #keeper: EventKeeper | undefined;
  /** What came after the joint window that it belongs to. */
  #lateForFusion = 0;
  /** Label sets in use: a new revision may be put in at any time. */
  readonly labelSets: LabelSets;
  readonly #loopWatch: LoopWatch;
  #health: Timer | undefined;
  /** Lanes whose sources have not come to their end. */
  readonly #running = new Set<Lane>();

  private constructor(options: PipelineOptions, { labelSets, memory }: Beginning) {
    const { config, access, outbox, clock, engine, bundle, sources, eventStore, onEvent } = options;
    this.labelSets = labelSets;
    this.#memory = memory;
    this.#options = options;
    this.#startedMicros = clock.monotonicMicros();
    this.#loopWatch = new LoopWatch(clock, (blocked) => onEvent({ kind: 'blocked', blocked }));
    this.#publisher = new NodePublisher({
      access,
      protocol: config.broker.protocol,
      base: config.baseTopic,
      node: config.node,
      elementType: config.publish.embeddings.elementType,
      outbox,
      clock,
    });
    this.#interpreter = this.#interpreterOf(options);
    if (eventStore !== undefined) {
      this.#keeper = new EventKeeper(eventStore, {
        memory: () => this.#interpreter.memory(),
        onFailed: (error) => onEvent({ kind: 'failed', source: 'rules', error }),
      });
    }
    const pool = new FramePool(FRAME_LIMITS);
    this.#lanes = sources.map(
      (source) =>
        new Lane({
          source,
          interpreter: this.#interpreter,
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
    const labelSets = new LabelSets({ embedText: (text) => options.engine.encode('text', { kind: 'text', text }) });
    for (const labelSet of options.config.labelSets) await labelSets.put(labelSet);
    return new Pipeline(options, { labelSets, memory: await options.eventStore?.load() });
  }

  /** Where the messages of this node stand. */
  get root(): string {
    return this.#publisher.root;
  }

  start(): void {
    const { onEvent } = this.#options;
    if (this.#memory !== undefined) this.#interpreter.restore(this.#memory);
    // A source that is switched off never ends, and must not keep the others from ending the whole.
    for (const lane of this.#lanes) if (!lane.isDisabled) this.#running.add(lane);
    // First, so that the states of the sources are published before the node says that it is online.
    for (const lane of this.#lanes) lane.start();
    this.#publisher.start(this.#info(), (event) => {
      if (event.kind === 'connected') this.#tellHealth();
      onEvent({ kind: 'broker', event });
    });
    this.#beat();
    this.#loopWatch.start();
  }

  /** Ends the sources, publishes what is still under way, says goodbye to the broker. Always ends. */
  async stop(): Promise<void> {
    this.#health?.cancel();
    this.#loopWatch.stop();
    await Promise.all(this.#lanes.map((lane) => lane.stop()));
    this.#interpreter.finish();
    this.#keeper?.touch();
    await this.#keeper?.settled();
    await this.#publisher.stop();
  }

  #laneEnded(lane: Lane): void {
    if (!this.#running.delete(lane) || this.#running.size > 0) return;
    this.#interpreter.finish();
    this.#options.onEvent({ kind: 'ended' });
  }

  #interpreterOf({ config, clock, onEvent }: PipelineOptions): Interpreter {
    const fusedPublisher = new FusedPublisher(this.#publisher, { publish: config.publish, clock });
    return new Interpreter({
      config,
      labelSets: this.labelSets,
      clock,
      onFused: (fused) => {
        fusedPublisher.publish(fused);
        onEvent({ kind: 'fused', fused });
      },
      onEvent: (event) => {
        this.#publisher.publishEvent(event);
        if (event.phase !== 'update') this.#keeper?.touch();
        onEvent({ kind: 'detected', event });
      },
      onLate: () => {
        this.#lateForFusion++;
      },
      onFailed: (group, error) => onEvent({ kind: 'failed', source: group, error: knownError(group, error) }),
    });
  }

  #beat(): void {
    const beat = (): void => {
      this.#tellHealth();
      // So that a crash loses no more of an event than this period.
      if (this.#interpreter.activeEvents > 0) this.#keeper?.touch();
      this.#beat();
    };
    this.#health = this.#options.clock.setTimer(HEALTH_PERIOD, beat, { background: true });
  }

  #tellHealth(): void {
    this.#publisher.health({
      uptime_s: (this.#options.clock.monotonicMicros() - this.#startedMicros) / 1e6,
      rss_mb: process.memoryUsage.rss() / 1e6,
      drops: { 'late-for-fusion': this.#lateForFusion },
      sources: Object.fromEntries(this.#lanes.map((lane) => [lane.id, lane.health()])),
    });
  }

  #info(): Parameters<NodePublisher['start']>[0] {
    const { config, bundle, version, sources } = this.#options;
    const { name, variant, space, dimensions, trained, licence, notice, encoders } = bundle.manifest;
    return {
      node: config.node,
      version,
      bundle: {
        name,
        variant,
        space,
        dimensions,
        trained,
        licence: licence.name,
        ...(notice === undefined ? {} : { notice }),
      },
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
      groups: config.fusion.map(({ id, sources: weights, labels }) => ({
        id,
        sources: Object.keys(weights),
        labels: [...labels],
      })),
      rules: config.rules.map(({ id, severity }) => ({ id, severity })),
      sets: config.labelSets.map(nameOf),
      schemas: [...schemaIds],
    };
  }
}
