import Type, { type Static } from '#typebox';
import type { Micros, Millis } from '../../runtime/clock';
import { SensebindError } from '../../runtime/errors';
import { Rate } from '../../runtime/rate';
import { RecentDurations } from '../../runtime/recentDurations';
import { acquireChosen } from '../bundle/controller';
import type { Controller, Host, Message, Send } from '../shared/defineNode';
import { DurationSetting, lengthOf } from '../shared/durationSetting';
import type { Encoders } from '../shared/encoders';
import { liveBoard, type StageFigures } from '../shared/live/board';
import { Mailbox } from '../shared/mailbox';
import { embeddingPayload, ORIGIN, type Origin, originOf, readingOf } from '../shared/payloads';
import type { Lease } from '../shared/shared';
import { defaultSource } from '../shared/sourceController';
import { oneInputOf } from './oneInput';
import { ReadingStreams, type Streamed } from './readingStreams';

export const EncodeSettings = Type.Object({
  bundle: Type.Optional(Type.String()),
  modality: Type.Optional(Type.String({ pattern: '^[a-z][a-z0-9_-]{0,63}$', title: 'a modality such as audio' })),
  hop: DurationSetting,
  window: DurationSetting,
  channel: Type.Optional(Type.Integer({ minimum: 0, maximum: 31 })),
  overload: Type.Optional(Type.Enum(['queue', 'newest'])),
  queue: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
});
export type EncodeSettings = Static<typeof EncodeSettings>;

const HOP = 1000 as Millis;
const QUEUE = 16;

/** A loss is a thing of the moment for so long; it stays in the count. */
const LOSING_MICROS = 60_000_000;

interface Running {
  readonly lease: Lease<Encoders>;
  readonly streams: ReadingStreams;
}

/** Turns whatever is in a message into an embedding; readings of a source into windows first. */
export class EncodeController implements Controller {
  readonly #host: Host<EncodeSettings>;
  /** What is no reading: encoded one by one. */
  readonly #mailbox: Mailbox;
  readonly #rate: Rate;
  readonly #durations = new RecentDurations();
  #running: Running | undefined;
  #seenDropped = 0;
  #droppedMicros: Micros = Number.NEGATIVE_INFINITY;

  constructor(host: Host<EncodeSettings>) {
    this.#host = host;
    const { overload = 'queue', queue = QUEUE } = host.settings;
    this.#mailbox = new Mailbox({ limit: queue, overload });
    this.#rate = new Rate(host.clock);
  }

  async start(): Promise<void> {
    const { status, closing } = this.#host;
    status.set({ fill: 'yellow', shape: 'ring', text: 'loading' });
    const lease = await acquireChosen(this.#host);
    if (closing.aborted) return lease.release();
    this.#running = { lease, streams: this.#streams(lease.resource) };
    liveBoard.stage(this.#host.id, { name: this.#host.name, figures: () => this.#figures() });
    status.set({ fill: 'green', shape: 'ring', text: 'ready' });
  }

  async input(message: Message, send: Send): Promise<void> {
    // Deployed again while it was loading: what waited for it is not wrong, and the next one gets newer readings.
    if (this.#running === undefined && this.#host.closing.aborted) return;
    const reading = readingOf(message.payload);
    if (reading !== undefined && reading.modality !== 'radar') {
      this.#work().streams.append(reading);
      return;
    }
    try {
      await this.#mailbox.submit(message.topic ?? '', () => this.#answer(message, send));
    } finally {
      this.#show();
    }
  }

  async close(): Promise<void> {
    liveBoard.forget(this.#host.id);
    this.#mailbox.clear();
    await this.#running?.streams.settled();
    await this.#running?.lease.release();
  }

  #streams(encoders: Encoders): ReadingStreams {
    const { settings, clock, id } = this.#host;
    const { hop, window, channel = 0, modality } = settings;
    const length = lengthOf(window);
    return new ReadingStreams(encoders, {
      ...{ node: id, clock, channel },
      size: { hop: lengthOf(hop) ?? HOP, ...(length === undefined ? {} : { window: length }) },
      ...(modality === undefined ? {} : { modality }),
      onEmbedding: (streamed) => this.#sendStreamed(streamed),
      onFailed: (error) => this.#host.fail(error),
    });
  }

  /** The answer goes out on the message that asked: what others put there stays. */
  async #answer(message: Message, send: Send): Promise<void> {
    const { engine } = this.#work().lease.resource;
    const { clock, closing, settings } = this.#host;
    const startedMicros = clock.monotonicMicros();
    const known = originOf({ ...message });
    const at = known?.at ?? { monotonicMicros: startedMicros, epochMicros: clock.epochMicros() };
    const source = known?.source ?? this.#sourceOf(message);
    const { modality, input, flags } = await oneInputOf({ ...message }, settings.modality);
    const embedding = await engine.encode(modality, input, { startMicros: at.epochMicros, flags, signal: closing });
    const origin: Origin = { kind: 'embedding', source, modality, at };
    this.#count(clock.monotonicMicros() - startedMicros);
    const payload = embeddingPayload({ ...embedding, sources: [source] });
    send(Object.assign(message, { topic: message.topic ?? source, payload, [ORIGIN]: origin }));
  }

  #sourceOf({ topic }: Message): string {
    return typeof topic === 'string' && topic !== '' ? topic : defaultSource('encode', this.#host.id);
  }

  #sendStreamed({ source, modality, embedding, span }: Streamed): void {
    const { closing, send, clock } = this.#host;
    if (closing.aborted) return;
    const at = { monotonicMicros: span.monotonicEndMicros, epochMicros: span.endMicros };
    const origin: Origin = { kind: 'embedding', source, modality, at };
    this.#count(clock.monotonicMicros() - span.monotonicEndMicros);
    this.#show();
    send({ topic: source, payload: embeddingPayload(embedding), [ORIGIN]: origin });
  }

  #count(micros: number): void {
    this.#rate.add();
    this.#durations.add(micros);
  }

  /** Embeddings a second, how old what they say is when they are sent (median), and what was dropped. */
  #show(): void {
    const dropped = this.#mailbox.dropped + (this.#running?.streams.dropped ?? 0);
    const millis = (this.#durations.snapshot().p50Micros / 1000).toFixed(0);
    const figures = `${this.#rate.perSecond().toFixed(1)}/s, ${millis} ms`;
    const text = dropped === 0 ? figures : `${figures}, ${dropped} lost`;
    const nowMicros = this.#host.clock.monotonicMicros();
    if (dropped > this.#seenDropped) this.#droppedMicros = nowMicros;
    this.#seenDropped = dropped;
    const isLosing = nowMicros - this.#droppedMicros < LOSING_MICROS;
    this.#host.status.set({ fill: isLosing ? 'yellow' : 'green', shape: 'dot', text });
  }

  #figures(): StageFigures {
    const lost = this.#mailbox.dropped + (this.#running?.streams.dropped ?? 0);
    return {
      perSecond: this.#rate.perSecond(),
      drops: lost === 0 ? {} : { busy: lost },
      steps: this.#durations.count === 0 ? {} : { whole: this.#durations.snapshot() },
    };
  }

  #work(): Running {
    if (this.#running !== undefined) return this.#running;
    throw new SensebindError('ENGINE_CLOSED', 'expected an open bundle, found none', 'deploy the flow again');
  }
}
