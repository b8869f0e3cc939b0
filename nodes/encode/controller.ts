import Type, { type Static } from 'typebox';
import { type Millis, systemClock } from '../../runtime/clock';
import type { Embedding } from '../../runtime/embedding';
import { SensebindError } from '../../runtime/errors';
import { FramePool } from '../../runtime/frames';
import { LaneMeter } from '../../runtime/laneMeter';
import type { Modality, Reading } from '../../runtime/reading';
import { SourceEncoder } from '../../runtime/sourceEncoder';
import type { WindowSpan } from '../../runtime/window/window';
import { acquireChosen } from '../bundle/controller';
import type { Controller, Host, Message } from '../shared/defineNode';
import type { Encoders } from '../shared/encoders';
import { embeddingPayload, ORIGIN, type Origin, readingOf } from '../shared/payloads';
import type { Lease } from '../shared/shared';

export const EncodeSettings = Type.Object({
  bundle: Type.Optional(Type.String()),
  hopMillis: Type.Optional(Type.Integer({ minimum: 20, maximum: 3_600_000 })),
  windowMillis: Type.Optional(Type.Integer({ minimum: 20, maximum: 3_600_000 })),
  channel: Type.Optional(Type.Integer({ minimum: 0, maximum: 31 })),
});
export type EncodeSettings = Static<typeof EncodeSettings>;

const HOP = 1000 as Millis;

/** Windows that wait for the worker, and their memory. */
const FRAME_LIMITS = { frames: 64, bytes: 64 * 2 ** 20 } as const;

/** More sources than this in one node are a mistake: each has windows of its own. */
const MOST_SOURCES = 64;

/** Turns readings into embeddings: a source's readings into windows first. */
export class EncodeController implements Controller {
  readonly #host: Host<EncodeSettings>;
  readonly #sources = new Map<string, { readonly encoder: SourceEncoder; readonly meter: LaneMeter }>();
  readonly #pool = new FramePool(FRAME_LIMITS);
  #lease: Lease<Encoders> | undefined;

  constructor(host: Host<EncodeSettings>) {
    this.#host = host;
  }

  async start(): Promise<void> {
    this.#host.status.set({ fill: 'yellow', shape: 'ring', text: 'loading' });
    const lease = await acquireChosen(this.#host);
    if (this.#host.closing.aborted) return lease.release();
    this.#lease = lease;
    this.#host.status.set({ fill: 'green', shape: 'ring', text: 'ready' });
  }

  async input(message: Message): Promise<void> {
    const reading = readingOf(message.payload);
    if (reading === undefined) throw notAReading(message.payload);
    this.#encoderOf(reading).append(reading);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sources.values()].map(({ encoder }) => encoder.settled()));
    await this.#lease?.release();
  }

  #encoderOf({ source, modality }: Reading): SourceEncoder {
    const known = this.#sources.get(source);
    if (known !== undefined) return known.encoder;
    if (this.#sources.size >= MOST_SOURCES) throw tooManySources();
    const { bundle, engine } = this.#encoders();
    const { hopMillis, windowMillis, channel = 0 } = this.#host.settings;
    const meter = new LaneMeter(systemClock);
    const encoder = new SourceEncoder({
      source,
      modality,
      bundle,
      engine,
      size: {
        hop: (hopMillis ?? HOP) as Millis,
        ...(windowMillis === undefined ? {} : { window: windowMillis as Millis }),
      },
      channel,
      pool: this.#pool,
      clock: systemClock,
      meter,
      onEmbedding: (embedding, span) => this.#send({ source, modality }, { embedding, span, meter }),
      onFailed: (error) => this.#host.fail(error),
    });
    this.#sources.set(source, { encoder, meter });
    return encoder;
  }

  #send(
    { source, modality }: { readonly source: string; readonly modality: Modality },
    { embedding, span, meter }: { readonly embedding: Embedding; readonly span: WindowSpan; readonly meter: LaneMeter },
  ): void {
    const at = { monotonicMicros: span.monotonicEndMicros, epochMicros: span.endMicros };
    const origin: Origin = { kind: 'embedding', source, modality, at };
    const { windowsPerSecond, encode } = meter.stats();
    const millis = encode === undefined ? '' : `, ${(encode.p50Micros / 1000).toFixed(0)} ms`;
    this.#host.status.set({ fill: 'green', shape: 'dot', text: `${windowsPerSecond.toFixed(1)}/s${millis}` });
    this.#host.send({ topic: source, payload: embeddingPayload(embedding), [ORIGIN]: origin });
  }

  #encoders(): Encoders {
    if (this.#lease !== undefined) return this.#lease.resource;
    throw new SensebindError('ENGINE_CLOSED', 'expected an open bundle, found none', 'deploy the flow again');
  }
}

function tooManySources(): SensebindError {
  return new SensebindError(
    'INPUT_UNSUPPORTED',
    `expected readings of at most ${MOST_SOURCES} sources, found more`,
    'give each source one name that stays, or use several encode nodes',
  );
}

function notAReading(payload: unknown): SensebindError {
  return new SensebindError(
    'INPUT_UNSUPPORTED',
    `expected a reading in msg.payload, found ${payload === null ? 'null' : typeof payload}`,
    'wire a source node of Sensebind to this node',
  );
}
