import path from 'node:path';
import Type, { type Static } from '#typebox';
import type { RecordedItem } from '../../devices/recording/readRecording';
import { type Pacing, replayInTime } from '../../devices/recording/replay';
import { moved } from '../../devices/recording/replayDevice';
import { type Micros, type Millis, sleep } from '../../runtime/clock';
import { SensebindError } from '../../runtime/errors';
import type { Loss, Modality, Reading } from '../../runtime/reading';
import { collectedMemory } from '../shared/collectedMemory';
import type { Controller, Host, Message, Send } from '../shared/defineNode';
import { nodeError } from '../shared/nodeError';
import { SourceFeed } from '../shared/sourceFeed';

export const ReplaySettings = Type.Object({
  path: Type.Optional(Type.String({ minLength: 1, maxLength: 4096, title: 'the path of a recording' })),
  speed: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1000 })),
  loop: Type.Optional(Type.Boolean()),
  start: Type.Optional(Type.Enum(['deploy', 'message'])),
});
export type ReplaySettings = Static<typeof ReplaySettings>;

/** A recording of more sources is not one of ours. */
const MOST_SOURCES = 256;

/** Between two passes: a recording of one instant must not be played as fast as the machine can. */
const PAUSE = 1000 as Millis;

interface Played {
  readonly file: string;
  readonly stop: AbortController;
  readings: number;
  passes: number;
  /** Of the recording that is played, within this pass. */
  seconds: number;
}

/**
 * Plays what every source of a recording said, in the order in which it was said. Wall times, samples and distances on the
 * monotonic clock are those of the recording, so that what follows says the same in every replay (design.md rule 8).
 */
export class ReplayController implements Controller {
  readonly #host: Host<ReplaySettings>;
  readonly #feeds = new Map<string, SourceFeed>();
  #played: Played | undefined;
  #running: Promise<void> = Promise.resolve();
  /** The newest monotonic time that was sent: nothing goes back behind it. */
  #lastMicros: Micros = Number.NEGATIVE_INFINITY;

  constructor(host: Host<ReplaySettings>) {
    this.#host = host;
  }

  async start(): Promise<void> {
    const { settings, status, fail, send } = this.#host;
    if (settings.start === 'message') return status.set({ fill: 'grey', shape: 'ring', text: 'waiting for a message' });
    // Not awaited: messages are taken meanwhile.
    void this.#play({}, send).catch((error: unknown) => fail(error));
  }

  async input(message: Message, send: Send): Promise<void> {
    const { payload } = message;
    if (payload === 'stop' || payload === false) return this.#end();
    await this.#play(message, send);
  }

  async close(): Promise<void> {
    await this.#end();
    for (const feed of this.#feeds.values()) feed.forget();
  }

  async #end(): Promise<void> {
    this.#played?.stop.abort();
    await this.#running;
  }

  /** Resolves when all is played, or when it was stopped. @throws {SensebindError} what reading the recording throws. */
  async #play(message: Message, send: Send): Promise<void> {
    const { status, closing } = this.#host;
    const file = this.#fileOf(message);
    await this.#end();
    if (closing.aborted) return;
    const played: Played = { file, stop: new AbortController(), readings: 0, passes: 0, seconds: 0 };
    this.#played = played;
    status.set({ fill: 'blue', shape: 'ring', text: 'opening' });
    const work = this.#passes(played);
    this.#running = work.catch(() => undefined);
    try {
      await work;
    } catch (error) {
      status.set({ fill: 'red', shape: 'ring', text: nodeError(error).code });
      throw error;
    }
    if (closing.aborted) return;
    const { readings, passes, stop } = played;
    const isStopped = stop.signal.aborted;
    status.set({
      fill: 'grey',
      shape: 'dot',
      text: `${isStopped ? 'stopped' : 'played to its end'}, ${readings} readings`,
    });
    const payload = { kind: 'replay', state: isStopped ? 'stopped' : 'ended', path: file, readings, passes };
    send([null, Object.assign(message, { payload })]);
  }

  async #passes(played: Played): Promise<void> {
    const { clock, settings } = this.#host;
    const { signal } = played.stop;
    for (;;) {
      const before = played.readings;
      await this.#pass(played);
      if (!signal.aborted) played.passes++;
      if (settings.loop !== true || signal.aborted) return;
      if (played.readings === before) throw nothingIn(played.file);
      await sleep(clock, PAUSE, signal);
    }
  }

  async #pass(played: Played): Promise<void> {
    const { clock, settings } = this.#host;
    const { signal } = played.stop;
    let session: Pacing | undefined;
    let offsetMicros = 0;
    const options = { memory: collectedMemory, clock, speed: settings.speed ?? 1, signal };
    const wants = ({ kind }: { readonly kind: string }): boolean => kind === 'reading' || kind === 'loss';
    await replayInTime(played.file, { ...options, wants }, (item, pacing) => {
      if (pacing !== undefined && pacing !== session) {
        session = pacing;
        const beganMicros = Math.max(pacing.beganMicros, this.#lastMicros + PAUSE * 1000);
        offsetMicros = beganMicros - pacing.start.startMonotonicMicros;
      }
      if (pacing !== undefined && 'logMicros' in item) {
        played.seconds = Math.max(0, (item.logMicros - pacing.start.startMicros) / 1e6);
      }
      this.#take(item, offsetMicros, played);
    });
  }

  #take(item: RecordedItem, offsetMicros: Micros, played: Played): void {
    switch (item.kind) {
      case 'reading':
        played.readings++;
        this.#tell(moved(item.reading, offsetMicros), played);
        break;
      case 'loss':
        this.#lost(item.source, item.loss.reason, item.loss.amount);
        break;
      case 'no-memory':
        this.#lost(item.source, 'memory', 1);
        break;
      case 'corrupt':
        this.#host.fail(damaged(played.file, `${item.byteLength} bytes whose checksum is wrong`));
        break;
      case 'cut':
        if (item.restBytes > 0) this.#host.fail(damaged(item.path, `${item.restBytes} bytes that are no whole record`));
        break;
      case 'session':
      case 'embedding':
      case 'document':
    }
  }

  #tell(reading: Reading, played: Played): void {
    const { source, modality } = reading;
    this.#lastMicros = Math.max(this.#lastMicros, reading.monotonicMicros);
    this.#feedOf(source, modality).reading(reading);
    this.#show(played);
  }

  /** Of all that one source recorded, whatever its modality. */
  #lost(source: string, reason: Loss, amount: number): void {
    const feed = [...this.#feeds.values()].find((candidate) => candidate.source === source);
    feed?.lost(reason, amount);
  }

  #show({ seconds, passes }: Played): void {
    const rate = [...this.#feeds.values()].reduce((sum, { perSecond }) => sum + perSecond, 0);
    const time = `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
    const again = passes === 0 ? '' : `, pass ${passes + 1}`;
    this.#host.status.set({ fill: 'green', shape: 'dot', text: `${time} played, ${rate.toFixed(1)}/s${again}` });
  }

  #feedOf(source: string, modality: Modality): SourceFeed {
    const { id, clock, send, fail } = this.#host;
    const name = `${source}:${modality}`;
    const known = this.#feeds.get(name);
    if (known !== undefined) return known;
    if (this.#feeds.size >= MOST_SOURCES) throw tooManySources();
    const feed = new SourceFeed({
      key: `${id}:${name}`,
      source,
      modality,
      clock,
      send,
      fail,
      changed: () => undefined,
    });
    this.#feeds.set(name, feed);
    feed.status({ state: 'online' });
    return feed;
  }

  #fileOf({ filename }: Message & { readonly filename?: unknown }): string {
    const { settings, userFolder } = this.#host;
    const chosen = typeof filename === 'string' && filename !== '' ? filename : settings.path;
    if (chosen !== undefined) return path.resolve(userFolder, chosen);
    throw new SensebindError(
      'CONFIG_INVALID',
      'expected the path of a recording, found none',
      'fill in the path, or send it as msg.filename',
    );
  }
}

function nothingIn(file: string): SensebindError {
  return new SensebindError(
    'RECORDING_INVALID',
    `expected readings in ${file}, found none`,
    'choose another recording',
  );
}

function damaged(file: string, found: string): SensebindError {
  return new SensebindError(
    'RECORDING_INVALID',
    `expected a whole recording in ${file}, found ${found}`,
    'what is whole was played: the power was lost when it was recorded, or the disk is failing',
  );
}

function tooManySources(): SensebindError {
  return new SensebindError(
    'RECORDING_LIMIT',
    `expected at most ${MOST_SOURCES} sources in a recording, found more`,
    'play a recording that sensebind made',
  );
}
