import { type Beginning, begin } from './beginning';
import type { Millis, Timer } from './clock';
import { NodeControl } from './commands/nodeControl';
import type { Config, SourceConfig } from './config/config';
import { type ConfigChange, changeOf } from './configChange';
import { SensebindError } from './errors';
import { EventCounter } from './eventCounter';
import { EventKeeper } from './eventKeeper';
import type { DetectorMemory } from './events/detector';
import { FramePool } from './frames';
import { FusedPublisher } from './fusedPublisher';
import { openDiscovery } from './homeAssistant';
import { Interpreter } from './interpreter';
import { knownError } from './knownError';
import { type Course, Lane, type LaneSource } from './lane';
import { LoopWatch } from './loopWatch';
import type { HomeAssistantDiscovery } from './mqtt/discovery/homeAssistant';
import { type NodeInfo, NodePublisher } from './mqtt/nodePublisher';
import { Leftovers } from './mqtt/retained/leftovers';
import { nodeInfo } from './nodeInfo';
import type { PipelineOptions } from './pipelineOptions';
import { healthOf, type PipelineStats } from './pipelineStats';
import { Vitals } from './vitals';
import type { LabelBook } from './zeroshot/labelBook';
import type { LabelSets } from './zeroshot/labelSets';

const HEALTH_PERIOD = 10_000 as Millis;

/** Windows of all sources that may wait for the worker, and their memory. */
const FRAME_LIMITS = { frames: 64, bytes: 64 * 2 ** 20 } as const;

/** Lanes that a change of the configuration begins and ends. */
interface Exchange {
  readonly opened: readonly Lane[];
  readonly closed: readonly Lane[];
}

/**
 * The whole path, headless: sources → windows → encoder → scores → events → MQTT. One lane a source; nothing that happens
 * in one stops another. Engine and bundle belong to the caller.
 */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #publisher: NodePublisher;
  #lanes: readonly Lane[];
  readonly #startedMicros: number;
  #config: Config;
  #interpreter: Interpreter;
  readonly #memory: DetectorMemory | undefined;
  readonly #keeper: EventKeeper | undefined;
  readonly #discovery: HomeAssistantDiscovery | undefined;
  readonly #leftovers: Leftovers;
  /** What came after the joint window that it belongs to. */
  #lateForFusion = 0;
  /** Label sets in use: a new revision may be put in at any time. */
  readonly labelSets: LabelSets;
  readonly #events = new EventCounter();
  readonly #vitals = new Vitals();
  readonly #pool = new FramePool(FRAME_LIMITS);
  /** Changes of the configuration, one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  /** Sources of the last change are ended and begun. */
  #exchanged: Promise<void> = Promise.resolve();
  #isStopped: boolean = false;
  /** As above, for those who change them while they are kept. */
  readonly book: LabelBook;
  /** What it can be told to do. */
  readonly control: NodeControl | undefined;
  readonly #loopWatch: LoopWatch;
  #health: Timer | undefined;
  /** Lanes whose sources have not come to their end. */
  readonly #running = new Set<Lane>();

  private constructor(options: PipelineOptions, { labelSets, book, memory, known, retained }: Beginning) {
    const { config, access, outbox, clock, sources, eventStore, onEvent } = options;
    this.labelSets = labelSets;
    this.book = book;
    this.#memory = memory;
    this.#options = options;
    this.#config = config;
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
    this.#discovery = openDiscovery(options, {
      config: () => this.#config,
      sources: () => this.#sources(),
      labelSets,
      known,
      link: this.#publisher.link,
    });
    this.control = this.#controlOf(options);
    this.#interpreter = this.#interpreterOf(config);
    this.#leftovers = new Leftovers({
      link: this.#publisher.link,
      base: config.baseTopic,
      node: config.node,
      holdings: { sources: this.#sourceIds(), labels: this.#labelIds() },
      known: retained,
      store: options.retainedStore,
      onFailed: (error) => onEvent({ kind: 'failed', source: 'retained', error }),
    });
    labelSets.onChanged(() => {
      this.#publisher.tellInfo(this.#info());
      this.#leftovers.useLabels(this.#labelIds());
    });
    options.readingsIn?.attach(this.#publisher.link, this.#publisher.topics);
    if (eventStore !== undefined) {
      this.#keeper = new EventKeeper(eventStore, {
        memory: () => this.#interpreter.memory(),
        onFailed: (error) => onEvent({ kind: 'failed', source: 'rules', error }),
      });
    }
    this.#lanes = sources.map((source) =>
      this.#laneOf(source, { interpreter: this.#interpreter, publish: config.publish }),
    );
  }

  /**
   * Embeds the words of every label set, then makes the lanes. Nothing is read or published yet.
   *
   * @throws {SensebindError} `WORD_UNKNOWN`, `MODALITY_UNKNOWN` for a bundle without text or without a source's modality,
   * `CONFIG_INVALID`, and the engine's errors.
   */
  static async create(options: PipelineOptions): Promise<Pipeline> {
    const pipeline = new Pipeline(options, await begin(options));
    // Before anything is published: a process that is killed leaves nothing that the next one does not know of.
    await pipeline.#leftovers.saved();
    return pipeline;
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
    this.control?.start();
    this.#publisher.start(this.#info(), (event) => {
      if (event.kind === 'connected') {
        this.#tellHealth();
        this.#discovery?.connected();
      }
      if (event.kind === 'disconnected') this.#discovery?.disconnected();
      // Told again in its own time, before the link sends all else again at once.
      if (event.kind === 'rival') this.#discovery?.announce();
      onEvent({ kind: 'broker', event });
    });
    this.#vitals.start();
    this.#beat();
    this.#loopWatch.start();
  }

  /** All that was counted and measured since the start. */
  stats(): PipelineStats {
    const { clock, engine, outbox, version } = this.#options;
    return {
      version,
      node: this.#config.node,
      uptimeMicros: clock.monotonicMicros() - this.#startedMicros,
      rssBytes: process.memoryUsage.rss(),
      loopDelay: this.#vitals.loopDelay,
      gpuCelsius: this.#vitals.gpuCelsius,
      sources: Object.fromEntries(this.#lanes.map((lane) => [lane.id, lane.stats()])),
      lateForFusion: this.#lateForFusion,
      events: this.#events.counts(),
      link: this.#publisher.counters(),
      spool: outbox.counters(),
      engine: engine.stats(),
      refusedCommands: this.control?.counters() ?? {},
      untakenReadings: this.#options.readingsIn?.untaken() ?? {},
    };
  }

  /** The configuration that is in use. */
  get config(): Config {
    return this.#config;
  }

  /**
   * Goes over to another configuration between two windows. Sources that are the same in it go on untouched, as do events
   * of rules that are the same; others are ended, opened, or opened anew. Where this throws, nothing was changed.
   *
   * @throws {SensebindError} `RESTART_NEEDED`; `REQUEST_ABORTED` where the pipeline is stopped meanwhile; and as
   * {@link Pipeline.create}.
   */
  reconfigure(config: Config, open: (source: SourceConfig) => LaneSource): Promise<ConfigChange> {
    const done = this.#turn.then(() => this.#reconfigure(config, open));
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #reconfigure(config: Config, open: (source: SourceConfig) => LaneSource): Promise<ConfigChange> {
    const change = changeOf(this.#config, config);
    const course = { interpreter: this.#interpreter, publish: config.publish };
    const opened = change.opened.map((source) => this.#laneOf(open(source), course));
    const closed = this.#lanes.filter(({ id }) => change.closed.includes(id));
    // Its words may take minutes to embed: an end of the pipeline does not wait for them.
    await this.book.replace({ ...change.labelSets, configured: config.labelSets }, () => {
      if (this.#isStopped) throw stopping();
      this.#goOver(config, { opened, closed });
      this.#exchanged = this.#exchange({ opened, closed });
    });
    await this.#exchanged;
    return change;
  }

  /** Ends the sources that are gone or different, and begins those that take their place. */
  async #exchange({ opened, closed }: Exchange): Promise<void> {
    for (const lane of closed) this.#running.delete(lane);
    for (const lane of opened) if (!lane.isDisabled) this.#running.add(lane);
    await Promise.all(closed.map((lane) => lane.stop()));
    // Only now: a source says that it is closed.
    this.#leftovers.useSources(this.#sourceIds());
    for (const lane of opened) lane.start();
    this.#publisher.tellInfo(this.#info());
    this.#keeper?.touch();
  }

  /** In one step: what is embedded from now on is judged by the new configuration. */
  #goOver(config: Config, { opened, closed }: Exchange): void {
    this.#interpreter.finish();
    const memory = this.#interpreter.memory();
    this.#config = config;
    this.#interpreter = this.#interpreterOf(config);
    this.#interpreter.restore(memory);
    this.#publisher.useElementType(config.publish.embeddings.elementType);
    const course = { interpreter: this.#interpreter, publish: config.publish };
    for (const lane of [...this.#lanes, ...opened]) lane.take(course);
    const lanes = [...this.#lanes.filter((lane) => !closed.includes(lane)), ...opened];
    this.#lanes = config.sources.flatMap(({ id }) => lanes.filter((lane) => lane.id === id));
  }

  /**
   * Resolves when every window that is complete is encoded and interpreted: who hands over the next reading only then
   * plays in lock step (design.md rule 8).
   */
  async settled(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.settled()));
    await this.#interpreter.settled();
  }

  /** Ends the sources, publishes what is still under way, says goodbye to the broker. Always ends. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#exchanged;
    this.#health?.cancel();
    this.#loopWatch.stop();
    this.#vitals.stop();
    await this.control?.close();
    await Promise.all(this.#lanes.map((lane) => lane.stop()));
    this.#interpreter.finish();
    this.control?.finish();
    this.#keeper?.touch();
    await this.#keeper?.settled();
    await this.#discovery?.stop();
    await this.#publisher.stop();
    await this.#leftovers.saved();
  }

  #laneEnded(lane: Lane): void {
    if (!this.#running.delete(lane) || this.#running.size > 0) return;
    this.#interpreter.finish();
    this.#options.onEvent({ kind: 'ended' });
  }

  #laneOf(source: LaneSource, course: Course): Lane {
    const { bundle, engine, clock, onEvent } = this.#options;
    return new Lane({
      source,
      ...course,
      bundle,
      engine,
      publisher: this.#publisher,
      pool: this.#pool,
      clock,
      recordings: this.#options.control?.recordings,
      onEvent,
      // One that is switched on while the node runs keeps it going, as the others do.
      onOn: (lane) => {
        if (this.#lanes.includes(lane)) this.#running.add(lane);
      },
      onEnded: (lane) => this.#laneEnded(lane),
    });
  }

  #sources(): readonly LaneSource[] {
    return this.#lanes.map((lane) => lane.source);
  }

  #sourceIds(): readonly string[] {
    return this.#config.sources.map(({ id }) => id);
  }

  /** Labels that have a state. */
  #labelIds(): readonly string[] {
    if (this.control === undefined) return [];
    return this.book.current().flatMap(({ labelSet }) => labelSet.labels.map(({ id }) => id));
  }

  #controlOf({ control, clock, onEvent }: PipelineOptions): NodeControl | undefined {
    if (control === undefined) return undefined;
    return new NodeControl({
      config: () => this.#config,
      publisher: this.#publisher,
      labelSets: this.labelSets,
      book: this.book,
      sources: () => this.#sources(),
      services: control,
      announced: () => this.#discovery?.announce(),
      clock,
      onReport: (command) => onEvent({ kind: 'command', command }),
      onFailed: (error) => onEvent({ kind: 'failed', source: 'labels', error: knownError('labels', error) }),
    });
  }

  #interpreterOf(config: Config): Interpreter {
    const { clock, onEvent } = this.#options;
    const fusedPublisher = new FusedPublisher(this.#publisher, { publish: config.publish, clock });
    const control = this.control;
    return new Interpreter({
      ...(control === undefined ? {} : { onScores: (of, scores, seen) => control.observe(of, scores, seen) }),
      config,
      labelSets: this.labelSets,
      clock,
      onFused: (fused) => {
        fusedPublisher.publish(fused);
        onEvent({ kind: 'fused', fused });
      },
      onEvent: (event) => {
        this.#publisher.publishEvent(event);
        this.#events.add(event);
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
      this.#vitals.refresh();
      this.#tellHealth();
      // So that a crash loses no more of an event than this period.
      if (this.#interpreter.activeEvents > 0) this.#keeper?.touch();
      this.#beat();
    };
    this.#health = this.#options.clock.setTimer(HEALTH_PERIOD, beat, { background: true });
  }

  #tellHealth(): void {
    this.#publisher.health(healthOf(this.stats()));
  }

  #info(): NodeInfo {
    const { bundle, version } = this.#options;
    const config = this.#config;
    return nodeInfo({ config, bundle, version, sources: this.#sources(), labelSets: this.book.current() });
  }
}

function stopping(): SensebindError {
  return new SensebindError(
    'REQUEST_ABORTED',
    'expected a node that goes on, found one that was told to stop before it took the configuration over',
    'start it again: it begins with the configuration as it is then',
  );
}
