import path from 'node:path';
import Type, { type Static } from '#typebox';
import type { Micros } from '../../runtime/clock';
import type { Embedding } from '../../runtime/embedding';
import { SensebindError } from '../../runtime/errors';
import type { Controller, Host, Message, Send } from '../shared/defineNode';
import { nodeError } from '../shared/nodeError';
import { embeddingOf, originOf, readingOf } from '../shared/payloads';
import { type FinishedRecording, Recording } from './recording';
import { prune } from './retention';

export const RecordSettings = Type.Object({
  folder: Type.Optional(Type.String({ minLength: 1, maxLength: 4096, title: 'the path of a folder' })),
  mode: Type.Optional(Type.Enum(['always', 'message'])),
  maxMegabytes: Type.Optional(Type.Number({ minimum: 1, maximum: 100_000 })),
  maxMinutes: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1440 })),
  keepMegabytes: Type.Optional(Type.Number({ minimum: 1, maximum: 10_000_000 })),
  keepDays: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 3650 })),
});
export type RecordSettings = Static<typeof RecordSettings>;

const DEFAULTS = {
  folder: 'sensebind-recordings',
  maxMegabytes: 256,
  maxMinutes: 10,
  keepMegabytes: 2048,
} as const;

const MEGABYTE = 1e6;
const DAY_MICROS = 86_400e6;

/** Messages that may wait until a recording has begun. */
const MOST_WAITING = 256;

/** A disk that takes nothing is not asked again at once. */
const RETRY_MICROS = 60e6;

/** Writes what sources said into files on this machine. */
export class RecordController implements Controller {
  readonly #host: Host<RecordSettings>;
  readonly #folder: string;
  #isWanted: boolean;
  #recording: Recording | undefined;
  #beginning: Promise<Recording | undefined> | undefined;
  /** Recordings that are being ended. */
  readonly #ending = new Set<Promise<unknown>>();
  #waiting = 0;
  /** What never came into a recording, and what earlier recordings dropped. */
  #dropped = 0;
  #retryMicros: Micros = Number.NEGATIVE_INFINITY;

  constructor(host: Host<RecordSettings>) {
    const { settings, userFolder } = host;
    const { maxMegabytes = DEFAULTS.maxMegabytes, keepMegabytes = DEFAULTS.keepMegabytes } = settings;
    if (keepMegabytes < maxMegabytes) throw contradictory(maxMegabytes, keepMegabytes);
    this.#host = host;
    this.#folder = path.resolve(userFolder, settings.folder ?? DEFAULTS.folder);
    this.#isWanted = settings.mode !== 'message';
  }

  async start(): Promise<void> {
    this.#show();
  }

  async input(message: Message, send: Send): Promise<void> {
    const { payload } = message;
    const reading = readingOf(payload);
    const embedding = embeddingOf(payload);
    const order = orderOf(message, reading === undefined && embedding === undefined);
    if (order === 'start') this.#isWanted = true;
    if (order === 'stop') await this.#stop(message, send);
    if (reading !== undefined) return this.#write((recording) => recording.recorder.reading(reading));
    if (embedding !== undefined) return this.#embedding(message, embedding);
    if (order === undefined) throw notRecordable(payload);
    this.#show();
  }

  async close(): Promise<void> {
    this.#isWanted = false;
    await this.#beginning?.catch(() => undefined);
    await this.#recording?.finish();
    this.#recording = undefined;
    await Promise.allSettled(this.#ending);
  }

  #embedding(message: Message, embedding: Embedding): Promise<void> {
    const source = originOf({ ...message })?.source ?? String(message.topic ?? '');
    return this.#write((recording) => recording.recorder.embedding(source, embedding));
  }

  async #write(into: (recording: Recording) => void): Promise<void> {
    if (!this.#isWanted) return;
    if (this.#recording !== undefined) return into(this.#recording);
    if (this.#waiting >= MOST_WAITING || this.#host.clock.monotonicMicros() < this.#retryMicros) {
      this.#dropped++;
      return;
    }
    this.#waiting++;
    try {
      this.#beginning ??= this.#begin();
      const recording = await this.#beginning;
      if (recording === undefined) this.#dropped++;
      else into(recording);
    } finally {
      this.#waiting--;
    }
  }

  /** Never rejects: who waits for it learns that there is none. */
  async #begin(): Promise<Recording | undefined> {
    const { clock, id, name, settings, fail, status } = this.#host;
    const { maxMegabytes = DEFAULTS.maxMegabytes, maxMinutes = DEFAULTS.maxMinutes } = settings;
    try {
      await this.#prune(maxMegabytes * MEGABYTE);
      const recording = await Recording.begin({
        folder: this.#folder,
        end: { bytes: maxMegabytes * MEGABYTE, micros: maxMinutes * 60e6 },
        clock,
        configuration: { node: id, name },
        onEnd: () => this.#endByItself(recording),
        onProgress: () => this.#show(),
        onFailed: (error) => this.#failed(error),
      });
      this.#recording = recording;
      this.#show();
      return recording;
    } catch (error) {
      this.#retryMicros = clock.monotonicMicros() + RETRY_MICROS;
      status.set({ fill: 'red', shape: 'ring', text: nodeError(error).code });
      fail(error);
      return undefined;
    } finally {
      this.#beginning = undefined;
    }
  }

  #failed(error: SensebindError): void {
    const { clock, fail, status } = this.#host;
    this.#retryMicros = clock.monotonicMicros() + RETRY_MICROS;
    status.set({ fill: 'red', shape: 'ring', text: error.code });
    fail(error);
  }

  /** At its limit: the next reading begins another, unless a message has to ask for it. */
  #endByItself(recording: Recording): void {
    if (this.#recording !== recording) return;
    if (this.#host.settings.mode === 'message') this.#isWanted = false;
    this.#track(this.#end(recording, {}, this.#host.send));
  }

  async #stop(message: Message, send: Send): Promise<void> {
    this.#isWanted = false;
    await this.#beginning?.catch(() => undefined);
    if (this.#recording !== undefined) await this.#track(this.#end(this.#recording, message, send));
  }

  async #end(recording: Recording, message: Message, send: Send): Promise<void> {
    if (this.#recording === recording) this.#recording = undefined;
    const finished = await recording.finish();
    this.#dropped += recording.dropped;
    if (recording.recorder.status.state === 'closed') this.#show();
    if (finished === undefined || this.#host.closing.aborted) return;
    send(told(message, finished));
    await this.#prune(0);
  }

  async #track(work: Promise<void>): Promise<void> {
    const guarded = work.catch((error: unknown) => this.#host.fail(error));
    this.#ending.add(guarded);
    await guarded;
    this.#ending.delete(guarded);
  }

  #prune(roomBytes: number): Promise<number> {
    const { clock, settings } = this.#host;
    const { keepMegabytes = DEFAULTS.keepMegabytes, keepDays } = settings;
    return prune(this.#folder, {
      bytes: keepMegabytes * MEGABYTE - roomBytes,
      sinceMicros: keepDays === undefined ? 0 : clock.epochMicros() - keepDays * DAY_MICROS,
    });
  }

  #show(): void {
    const recording = this.#recording;
    const dropped = this.#dropped + (recording?.dropped ?? 0);
    const drops = dropped === 0 ? '' : `, ${dropped} dropped`;
    if (recording === undefined) {
      const text = this.#isWanted ? 'waiting for readings' : 'not recording';
      this.#host.status.set({ fill: 'grey', shape: 'ring', text: `${text}${drops}` });
      return;
    }
    const megabytes = (recording.recorder.stats.bytes / MEGABYTE).toFixed(1);
    const seconds = Math.floor(recording.seconds);
    const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
    this.#host.status.set({ fill: 'green', shape: 'dot', text: `${time}, ${megabytes} MB${drops}` });
  }
}

/** What a message asks for: `msg.record`, or the topic of a message that brings nothing to record. */
function orderOf(
  { record, topic }: Message & { readonly record?: unknown },
  isEmpty: boolean,
): 'start' | 'stop' | undefined {
  if (record === true || record === 'start') return 'start';
  if (record === false || record === 'stop') return 'stop';
  return isEmpty && (topic === 'start' || topic === 'stop') ? topic : undefined;
}

/** The message that asked for the end, or a new one, with what was recorded. */
function told(message: Message, finished: FinishedRecording): Message {
  const [only, ...others] = finished.files;
  const filename = only !== undefined && others.length === 0 ? only : finished.path;
  return Object.assign(message, { topic: message.topic ?? 'recording', payload: finished, filename });
}

function contradictory(maxMegabytes: number, keepMegabytes: number): SensebindError {
  return new SensebindError(
    'CONFIG_INVALID',
    `expected to keep at least the ${maxMegabytes} MB of one recording, found ${keepMegabytes} MB`,
    'keep more, or make recordings shorter',
  );
}

function notRecordable(payload: unknown): SensebindError {
  return new SensebindError(
    'INPUT_UNSUPPORTED',
    `expected a reading or an embedding in msg.payload, or msg.record, found ${payload === null ? 'null' : typeof payload}`,
    'wire a source node or an encode node of Sensebind to this node',
  );
}
