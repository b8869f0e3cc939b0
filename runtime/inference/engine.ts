import type { Bundle } from '../../models/bundle/bundle';
import type { EncoderManifest } from '../../models/bundle/manifest';
import { type Clock, type Micros, systemClock } from '../clock';
import type { Embedding } from '../embedding';
import { messageOf, SensebindError } from '../errors';
import { FramePool } from '../frames';
import type { EncoderInput } from '../preprocess/input';
import type { Flag, Modality } from '../reading';
import { CopyMaker } from './deviceCache/copyMaker';
import { type DeviceCacheSettings, deviceCacheSettings } from './deviceCache/settings';
import { encoderHash } from './encoderHash';
import { engineClosed, modalityUnknown, requestAborted } from './engineErrors';
import { handOver } from './handOver';
import { requireRoomFor } from './plan/engineRoom';
import { MACHINE_MEMORY, type MemoryRoots, readMemory } from './plan/memory';
import type { EncodeOutcome, EncoderSetup, PreparedItems, ProviderInUse, WorkerRequest } from './protocol';
import type { Priority, Ticket } from './scheduler';
import { encoderSetups } from './setups';
import { type EngineStats, type EngineStatus, ModalityCounter } from './stats';
import { type Answer, Task } from './task';
import { planThreads } from './threads';
import { WorkerHost, type WorkerState } from './workerHost';

export interface EncodeRequest {
  /** Gives the request up; a native call that runs already goes on, its result is dropped. */
  readonly signal?: AbortSignal;
  /** Monotonic microseconds of the engine's clock. Work that has not begun by then is dropped. */
  readonly deadlineMicros?: Micros;
  /** `normal` where it is left out. */
  readonly priority?: Priority;
  /** Newest wins: a waiting request of the same source and modality is superseded. */
  readonly source?: string;
  /** Tells apart those who ask for the same source with one engine: neither supersedes or counts what is another's. */
  readonly asker?: string;
  /** What the input covers: wall time; 0 where unknown. `endMicros` is `startMicros` where it is left out. */
  readonly startMicros?: Micros;
  readonly endMicros?: Micros;
  /** What the caller already knows of the input, merged into the embedding. */
  readonly flags?: readonly Flag[];
  /** Told, before the embedding is, how long each step of the work took. */
  readonly onTimings?: (timings: EncodeTimings) => void;
}

/** How long a request waited for the worker, and how long the worker took. */
export interface EncodeTimings {
  readonly waitingMicros: Micros;
  readonly preprocessingMicros: Micros;
  readonly forwardMicros: Micros;
}

export interface EngineOptions {
  readonly clock?: Clock;
  /** Worker threads; a modality stays with one of them. More than there are cores are not started. */
  readonly workers?: number;
  readonly threadsPerWorker?: number;
  /** Execution providers of onnxruntime by preference; left out, `cuda` where it is installed, else the CPU. */
  readonly providers?: readonly string[];
  /** Name or path of the onnxruntime module: own builds on Jetson. */
  readonly runtimeModule?: string;
  /** Preset ids by modality, instead of the manifest's. */
  readonly presets?: Readonly<Record<Modality, string>>;
  /** Loaded when the engine opens; the others on first use. */
  readonly modalities?: readonly Modality[];
  /** Requests that may wait in front of one worker. */
  readonly queueLimit?: number;
  readonly onStatus?: (status: EngineStatus) => void;
  /** Prepacked copies of large encoders, made on this device when it is quiet and used from then on; on by default. */
  readonly deviceCache?: Partial<DeviceCacheSettings> | 'off';
  /** Loaded later, on first use: all of them, and `modalities`, have to fit in memory. */
  readonly expected?: readonly Modality[];
  /** Where the memory that is left is read; `unchecked` starts what cannot fit. */
  readonly memory?: MemoryRoots | 'unchecked';
}

const DEFAULT_QUEUE_LIMIT = 256;

/** Room for 40 colour pictures of a Full HD camera, or hours of sound. */
const FRAME_LIMITS = { frames: DEFAULT_QUEUE_LIMIT, bytes: 2 ** 28 };

/**
 * The encoders of a bundle, off the main thread: raw input goes in, unit embeddings come out. Sessions and preprocessing
 * live in supervised worker threads; queues are bounded and every request that is dropped says why.
 */
export class Engine implements AsyncDisposable {
  readonly #bundle: Bundle;
  readonly #clock: Clock;
  readonly #presets: Readonly<Record<Modality, string>>;
  readonly #onStatus: ((status: EngineStatus) => void) | undefined;
  readonly #frames = new FramePool(FRAME_LIMITS);
  readonly #setups: Readonly<Record<Modality, EncoderSetup>>;
  readonly #copies: CopyMaker | undefined;
  readonly #hosts: readonly WorkerHost[];
  readonly #hostOf = new Map<Modality, WorkerHost>();
  readonly #counters = new Map<Modality, ModalityCounter>();
  readonly #providers = new Map<Modality, ProviderInUse>();
  /** The next sequence number by source and modality. */
  readonly #sequences = new Map<string, number>();
  #closed: boolean = false;

  private constructor(bundle: Bundle, options: EngineOptions) {
    this.#bundle = bundle;
    this.#clock = options.clock ?? systemClock;
    this.#presets = options.presets ?? {};
    this.#onStatus = options.onStatus;
    for (const modality of [...Object.keys(this.#presets), ...(options.modalities ?? [])]) this.#manifestOf(modality);
    this.#setups = encoderSetups(bundle, this.#presets);
    const { runtimeModule = 'onnxruntime-node', deviceCache = {} } = options;
    const settings = deviceCache === 'off' ? undefined : deviceCacheSettings(deviceCache);
    const memory = options.memory === 'unchecked' ? undefined : (options.memory ?? MACHINE_MEMORY);
    this.#copies =
      settings &&
      new CopyMaker({
        clock: this.#clock,
        settings,
        runtimeModule,
        readMemory: () => readMemory(memory),
        onMade: (modality) => this.#reload(modality),
        onNews: (modality, reason) => this.#tellCopy(modality, reason),
      });
    const { workers, ...threads } = planThreads(options);
    this.#hosts = Array.from({ length: workers }, (_, index) => {
      return new WorkerHost({
        name: `sensebind-encoder-${index}`,
        clock: this.#clock,
        setup: {
          runtimeModule,
          threads,
          providers: options.providers,
          encoders: this.#setups,
          chosenPresets: this.#presets,
          tokenizerPath: bundle.manifest.tokenizer && bundle.pathOf(bundle.manifest.tokenizer),
          deviceCache: settings,
          memory,
        },
        queueLimit: options.queueLimit ?? DEFAULT_QUEUE_LIMIT,
        onProvider: (modality, inUse) => this.#onProvider(modality, inUse),
        onChange: () => this.#tellStatus(),
      });
    });
  }

  /**
   * Starts the workers and loads `options.modalities`.
   *
   * @throws {SensebindError} `MODALITY_UNKNOWN`, `PRESET_UNKNOWN`, `PROVIDER_UNSUPPORTED`, `CONFIG_INVALID` (onnxruntime
   * does not load), `MEMORY_SHORT`, or what the first load of an encoder throws.
   */
  static async open(bundle: Bundle, options: EngineOptions = {}): Promise<Engine> {
    const engine = new Engine(bundle, options);
    try {
      await requireRoomFor(engine.#setups, options);
      await Promise.all(engine.#hosts.map((host) => host.start()));
      await Promise.all((options.modalities ?? []).map((modality) => engine.#load(modality)));
      return engine;
    } catch (error) {
      await engine.close();
      throw error;
    }
  }

  /**
   * One embedding of one input. Inputs in frames of a {@link FramePool} travel as they are, and their frames are held
   * until the worker has read them; all others are copied before this returns, so the caller may change them at once.
   *
   * @throws {SensebindError} `MODALITY_UNKNOWN`; for the input `INPUT_INVALID`, `INPUT_UNSUPPORTED`, `INPUT_TOO_LARGE`,
   * `INPUT_NOT_FINITE`; for the request `REQUEST_SUPERSEDED`, `REQUEST_LATE`, `REQUEST_ABORTED`, `QUEUE_FULL`; for the
   * encoder `ENCODE_FAILED`, `EMBEDDING_NOT_FINITE`, `BUNDLE_INVALID`, `PRESET_UNKNOWN`; for the engine
   * `ENGINE_WORKER_EXITED`, `ENGINE_DEGRADED`, `ENGINE_CLOSED`.
   */
  async encode(modality: Modality, input: EncoderInput, request: EncodeRequest = {}): Promise<Embedding> {
    this.#manifestOf(modality);
    const counter = this.#counterOf(modality);
    const { deadlineMicros, priority = 'normal', signal } = request;
    const source = lineOf(request);
    const ticket: Ticket = {
      modality,
      priority,
      ...(source === undefined ? {} : { source }),
      ...(deadlineMicros === undefined ? {} : { deadlineMicros }),
    };
    const submittedMicros = this.#clock.monotonicMicros();
    try {
      const { answer, startedMicros } = await this.#serve(ticket, { kind: 'encode', input }, signal);
      if (answer.kind !== 'encoded') throw unexpectedAnswer(answer);
      const { preprocessingMicros, forwardMicros } = answer.outcome;
      const timings = { waitingMicros: startedMicros - submittedMicros, preprocessingMicros, forwardMicros };
      counter.encoded(timings);
      request.onTimings?.(timings);
      return this.#embedding(answer.outcome, modality, request);
    } catch (error) {
      counter.rejected(error instanceof SensebindError ? error.code : 'ENCODE_FAILED');
      throw error;
    }
  }

  /**
   * What the encoder would be given: the same way in the same worker, without the forward.
   *
   * @throws {SensebindError} as {@link encode}.
   */
  async prepare(modality: Modality, input: EncoderInput): Promise<PreparedItems> {
    this.#manifestOf(modality);
    const { answer } = await this.#serve({ modality, priority: 'normal' }, { kind: 'prepare', input }, undefined);
    if (answer.kind !== 'prepared') throw unexpectedAnswer(answer);
    return answer.prepared;
  }

  /** Figures since the engine was opened. */
  stats(): EngineStats {
    const modalities = [...this.#counters].map(([modality, counter]) => [
      modality,
      counter.snapshot(this.#hostOf.get(modality)?.waiting(modality) ?? 0),
    ]);
    return { ...this.status(), modalities: Object.fromEntries(modalities), frames: this.#frames.stats() };
  }

  /** In the background, its threads let the process end; so when nobody uses it for a while and it is kept for the next. */
  setBackground(isBackground: boolean): void {
    for (const host of this.#hosts) host.setBackground(isBackground);
  }

  /**
   * Ends all workers and rejects what is open with `ENGINE_CLOSED`. May be called at any time and again; always resolves,
   * at the latest half a minute after a native call that does not come back.
   */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#hosts.map((host) => host.close()), this.#copies?.close()]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #onProvider(modality: Modality, inUse: ProviderInUse): void {
    this.#providers.set(modality, inUse);
    const setup = this.#setups[modality];
    if (inUse.deviceCopy.state === 'absent' && setup !== undefined) {
      this.#copies?.want(modality, setup, inUse.deviceCopy.key);
    }
    this.#tellStatus();
  }

  #tellCopy(modality: Modality, reason: string): void {
    const inUse = this.#providers.get(modality);
    if (inUse === undefined || this.#closed) return;
    this.#providers.set(modality, { ...inUse, deviceCopy: { ...inUse.deviceCopy, reason } });
    this.#tellStatus();
  }

  /** Its requests wait meanwhile, as for any other request of their worker. */
  #reload(modality: Modality): void {
    this.#load(modality, 'reload').catch((error: unknown) => this.#tellCopy(modality, messageOf(error)));
  }

  async #load(modality: Modality, kind: 'load' | 'reload' = 'load'): Promise<void> {
    const request: WorkerRequest = { kind, modality };
    const priority = kind === 'load' ? 'normal' : 'low';
    const task = new Task({ modality, priority }, { request, releaseInput: () => {} });
    this.#hostFor(modality).submit(task);
    await task.answer;
  }

  async #serve(
    ticket: Ticket,
    work: { readonly kind: 'encode' | 'prepare'; readonly input: EncoderInput },
    signal: AbortSignal | undefined,
  ): Promise<{ readonly answer: Answer; readonly startedMicros: Micros }> {
    if (this.#closed) throw engineClosed();
    if (signal?.aborted) throw requestAborted(signal);
    const { modality } = ticket;
    const { input, release } = handOver(work.input, this.#frames);
    const task = new Task(ticket, { request: { kind: work.kind, modality, input }, releaseInput: release });
    const host = this.#hostFor(modality);
    host.submit(task);
    const onAbort = (): void => {
      if (signal !== undefined) host.withdraw(task, requestAborted(signal));
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return { answer: await task.answer, startedMicros: task.startedMicros };
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** A modality stays with the worker that got it, so that no encoder is in memory twice. */
  #hostFor(modality: Modality): WorkerHost {
    const known = this.#hostOf.get(modality);
    if (known !== undefined) return known;
    const taken = [...this.#hostOf.values()];
    const load = (host: WorkerHost): number => taken.filter((other) => other === host).length;
    const host = this.#hosts.reduce((least, other) => (load(other) < load(least) ? other : least));
    this.#hostOf.set(modality, host);
    return host;
  }

  #manifestOf(modality: Modality): EncoderManifest {
    const { encoders } = this.#bundle.manifest;
    const manifest = Object.hasOwn(encoders, modality) ? encoders[modality] : undefined;
    if (manifest === undefined) throw modalityUnknown(modality, Object.keys(encoders));
    return manifest;
  }

  #embedding(outcome: EncodeOutcome, modality: Modality, request: EncodeRequest): Embedding {
    const { space, trained } = this.#bundle.manifest;
    const manifest = this.#manifestOf(modality);
    const { source, startMicros = 0, endMicros = startMicros, flags = [] } = request;
    const untrained: readonly Flag[] = trained ? [] : ['untrained'];
    return {
      vector: outcome.vector,
      space,
      encoder: encoderHash(manifest),
      modality,
      preset: this.#presets[modality] ?? manifest.preset,
      precision: manifest.precision,
      logitScale: manifest.logitScale,
      sources: source === undefined ? [] : [source],
      startMicros,
      endMicros,
      sequence: this.#nextSequence(modality, lineOf(request)),
      flags: [...new Set([...flags, ...outcome.flags, ...untrained])],
    };
  }

  #nextSequence(modality: Modality, source: string | undefined): number {
    const key = JSON.stringify([modality, source]);
    const sequence = this.#sequences.get(key) ?? 0;
    this.#sequences.set(key, sequence + 1);
    return sequence;
  }

  #counterOf(modality: Modality): ModalityCounter {
    const known = this.#counters.get(modality);
    if (known !== undefined) return known;
    const counter = new ModalityCounter();
    this.#counters.set(modality, counter);
    return counter;
  }

  /** How the workers are, without the figures. */
  status(): EngineStatus {
    const workers = this.#hosts.map(({ status }) => status);
    const [worst] = workers.toSorted((left, right) => SEVERITY.indexOf(left.state) - SEVERITY.indexOf(right.state));
    return {
      state: worst?.state ?? 'closed',
      reason: worst?.reason ?? 'there is no worker',
      providers: Object.fromEntries(this.#providers),
      workers,
    };
  }

  /** Later, so that a listener that throws cannot stop the supervision that calls it. */
  #tellStatus(): void {
    const onStatus = this.#onStatus;
    if (onStatus === undefined) return;
    const status = this.status();
    queueMicrotask(() => onStatus(status));
  }
}

/** Within one of these, a newer request takes the place of an older one. */
function lineOf({ source, asker }: EncodeRequest): string | undefined {
  return source === undefined || asker === undefined ? source : JSON.stringify([asker, source]);
}

/** An engine is as well as its worst worker. */
const SEVERITY: readonly WorkerState[] = ['degraded', 'restarting', 'starting', 'ready', 'closed'];

function unexpectedAnswer({ kind }: Answer): SensebindError {
  return new SensebindError(
    'ENCODE_FAILED',
    `Expected the answer of another request from the encoder worker, found "${kind}"`,
    'This is a fault of the engine: please report it.',
  );
}
