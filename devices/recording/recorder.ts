import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Clock, Micros, Millis, Timer } from '../../runtime/clock';
import type { Embedding } from '../../runtime/embedding';
import { SensebindError } from '../../runtime/errors';
import type { FrameHold, Loss, Reading } from '../../runtime/reading';
import { isSourceId } from './checkReading';
import { ownMemory } from './ownMemory';
import type { PlainError, RecorderRequest, RecorderResponse, RecorderThreadData } from './recorderProtocol';
import type { RecordedDocument, RecordingItem, RecordingLimits, WriterStats } from './recordingItem';

export interface RecorderOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly limits: RecordingLimits;
  /** What was configured, as JSON, without secrets. */
  readonly configuration: string;
  /** The program and its version. */
  readonly library: string;
  /** What may wait for the disk: more is dropped and counted. */
  readonly queue?: { readonly items: number; readonly bytes: number };
  readonly onStatus?: (status: RecorderStatus) => void;
}

export type RecorderStatus =
  | { readonly state: 'recording' }
  /** The disk is full, or the files cannot be written. Whatever comes is dropped and counted. */
  | { readonly state: 'stopped'; readonly error: SensebindError }
  | { readonly state: 'closed' };

export interface RecorderStats extends WriterStats {
  /** What was not recorded because the disk was too slow. */
  readonly queueFull: number;
  /** What came after the recording had stopped. */
  readonly afterStop: number;
}

const DEFAULT_QUEUE = { items: 1024, bytes: 2 ** 26 } as const;

/** What a loss of power may cost. */
const FLUSH_PERIOD = 1000 as Millis;

interface Waiting {
  readonly byteLength: number;
  readonly frame: FrameHold | undefined;
}

/**
 * Records readings, and whatever is made of them, into a folder of MCAP files. Calls return at once: a thread encodes and
 * writes. Pictures are handed over on their shared memory, which is held until they are encoded.
 */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #queue: { readonly items: number; readonly bytes: number };
  readonly #thread: Worker;
  readonly #waiting: Waiting[] = [];
  readonly #drained: (() => void)[] = [];
  readonly #epochMinusMonotonicMicros: Micros;
  readonly #ended: Promise<void>;
  #waitingBytes = 0;
  #status: RecorderStatus = { state: 'recording' };
  #written: WriterStats = { messages: 0, bytes: 0, segments: 0, removedSegments: 0, invalid: 0, tooLarge: 0 };
  #queueFull = 0;
  #afterStop = 0;
  #flushTimer: Timer | undefined;
  #isFlushing: boolean = false;

  private constructor(options: RecorderOptions, thread: Worker, epochMinusMonotonicMicros: Micros) {
    this.#options = options;
    this.#queue = options.queue ?? DEFAULT_QUEUE;
    this.#thread = thread;
    this.#epochMinusMonotonicMicros = epochMinusMonotonicMicros;
    this.#ended = new Promise((resolve) => thread.once('exit', () => resolve()));
    thread.on('message', (response: RecorderResponse) => this.#hear(response));
    thread.on('error', (error) => this.#stop(crashed(error.message)));
    thread.once('exit', () => {
      if (this.#status.state === 'recording') this.#stop(crashed('it ended by itself'));
      this.#releaseAll();
    });
    this.#flushLater();
  }

  /**
   * Starts a recording. The folder is made where there is none; what is recorded in it already stays, within the limits.
   *
   * @throws {SensebindError} `FILE_UNWRITABLE` or `DISK_FULL`.
   */
  static async create(options: RecorderOptions): Promise<Recorder> {
    const { folder, limits, configuration, library, clock } = options;
    const epochMinusMonotonicMicros = clock.epochMicros() - clock.monotonicMicros();
    const session = randomUUID();
    const workerData: RecorderThreadData = {
      folder,
      limits,
      configuration,
      library,
      session,
      epochMinusMonotonicMicros,
    };
    const thread = new Worker(path.join(__dirname, 'recorderThread.js'), { workerData });
    const first = await new Promise<RecorderResponse>((resolve, reject) => {
      thread.once('message', resolve);
      thread.once('error', (error) => reject(crashed(error.message)));
    });
    if (first.kind === 'failed') throw errorOf(first.error);
    return new Recorder(options, thread, epochMinusMonotonicMicros);
  }

  get status(): RecorderStatus {
    return this.#status;
  }

  /** As of the last second, beside the drops, which are as of now. */
  get stats(): RecorderStats {
    return { ...this.#written, queueFull: this.#queueFull, afterStop: this.#afterStop };
  }

  /** Retains the frame of a picture for as long as it needs it. */
  reading(reading: Reading): void {
    if ('frame' in reading) {
      const { frame, ...rest } = reading;
      this.#post({ kind: 'reading', reading: rest }, { byteLength: frame.buffer.byteLength, frame });
    } else {
      const { item, byteLength } = ownMemory(reading);
      this.#post({ kind: 'reading', reading: item }, { byteLength, frame: undefined });
    }
  }

  lost(source: string, reason: Loss, amount: number): void {
    const timeMicros = this.#options.clock.epochMicros();
    this.#postSmall({ kind: 'loss', source, timeMicros, reason, amount });
  }

  embedding(source: string, embedding: Embedding): void {
    this.#postSmall({ kind: 'embedding', source, embedding: { ...embedding, vector: embedding.vector.slice() } });
  }

  document(source: string, document: RecordedDocument): void {
    this.#postSmall({ kind: 'document', source, document });
  }

  /**
   * Resolves when all that was handed over is dealt with, or when nothing is recorded any more: for whoever makes readings
   * faster than a disk takes them.
   */
  drained(): Promise<void> {
    if (this.#waiting.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  /** Writes what waits, and the index of the last file. Never rejects. */
  async close(): Promise<void> {
    if (this.#status.state === 'recording') {
      this.#set({ state: 'closed' });
      this.#send({ kind: 'close' });
    }
    await this.#ended;
  }

  #postSmall(item: RecordingItem & { readonly source: string }): void {
    if (!isSourceId(item.source)) {
      throw new SensebindError(
        'INPUT_INVALID',
        `expected the id of a source, found ${JSON.stringify(item.source.slice(0, 80))}`,
        'use letters a-z, digits, "-" and "_"',
      );
    }
    this.#post(item, { byteLength: SMALL_BYTES, frame: undefined });
  }

  #post(item: RecordingItem, waiting: Waiting): void {
    if (this.#status.state !== 'recording') {
      this.#afterStop++;
      return;
    }
    if (this.#waiting.length >= this.#queue.items || this.#waitingBytes + waiting.byteLength > this.#queue.bytes) {
      this.#queueFull++;
      return;
    }
    waiting.frame?.retain();
    this.#waiting.push(waiting);
    this.#waitingBytes += waiting.byteLength;
    // A wall clock that is set must not make the recording run backwards.
    const logMicros = this.#epochMinusMonotonicMicros + this.#options.clock.monotonicMicros();
    this.#send({ kind: 'item', item, logMicros });
  }

  #send(request: RecorderRequest): void {
    this.#thread.postMessage(request);
  }

  #hear(response: RecorderResponse): void {
    switch (response.kind) {
      case 'opened':
        return;
      case 'taken':
        this.#release();
        return;
      case 'flushed':
      case 'closed':
        this.#written = response.stats;
        this.#isFlushing = false;
        return;
      case 'failed':
        this.#written = response.stats;
        this.#stop(errorOf(response.error));
    }
  }

  #stop(error: SensebindError): void {
    if (this.#status.state === 'stopped') return;
    this.#afterStop += this.#waiting.length;
    this.#set({ state: 'stopped', error });
    this.#releaseAll();
  }

  #set(status: RecorderStatus): void {
    this.#status = status;
    this.#flushTimer?.cancel();
    this.#options.onStatus?.(status);
  }

  #release(): void {
    const done = this.#waiting.shift();
    if (done === undefined) return;
    this.#waitingBytes -= done.byteLength;
    done.frame?.release();
    if (this.#waiting.length === 0) for (const resolve of this.#drained.splice(0)) resolve();
  }

  #releaseAll(): void {
    while (this.#waiting.length > 0) this.#release();
  }

  #flushLater(): void {
    const { clock } = this.#options;
    const flush = (): void => {
      // A disk that takes longer than this gets no second request on top.
      if (!this.#isFlushing) this.#send({ kind: 'flush' });
      this.#isFlushing = true;
      this.#flushLater();
    };
    this.#flushTimer = clock.setTimer(FLUSH_PERIOD, flush, { background: true });
  }
}

/** What an item without samples is counted as. */
const SMALL_BYTES = 8192;

function errorOf({ code, message, cure }: PlainError): SensebindError {
  return new SensebindError(code, message, cure);
}

function crashed(found: string): SensebindError {
  return new SensebindError('INTERNAL', `expected the thread that records to go on, found: ${found}`, 'report this');
}
