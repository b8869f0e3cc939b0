import Type, { type Static } from '#typebox';
import { CommandMessage, JobMessage, ResponseMessage } from '../commands/commandMessages';
import { LazyValidator } from '../lazyValidator';
import { EventMessage } from './eventMessage';
import { LabelMessage } from './labelMessage';

/**
 * Contract v1 of what a node publishes (reference/mqtt.md §4). Keys may be added; a changed meaning is a new major
 * version with a topic level of its own. Readers ignore keys that they do not know, so nothing here forbids them.
 */

const Id = Type.String({ minLength: 1, maxLength: 64 });
const Count = Type.Integer({ minimum: 0 });
const EpochMicros = Type.Integer({ minimum: 0, description: 'Microseconds since the Unix epoch.' });
const Cosine = Type.Number({ minimum: -1.001, maximum: 1.001 });
const Probability = Type.Number({ minimum: 0, maximum: 1 });

const ClockQuality = Type.Union([
  Type.Literal('ptp'),
  Type.Literal('ntp'),
  Type.Literal('unsynced'),
  Type.Literal('sim'),
]);
/** How far the wall time of a node can be trusted. */
export type NodeClockQuality = Static<typeof ClockQuality>;

const ElementType = Type.Union([Type.Literal('f16le'), Type.Literal('f32le'), Type.Literal('i8')]);
/** How the numbers of a vector are stored. */
export type VectorElementType = Static<typeof ElementType>;

/** `…/status`: a bare word. `offline` is the will: gone without a goodbye. */
export const StatusWord = Type.Union([Type.Literal('online'), Type.Literal('offline'), Type.Literal('stopped')]);
export type StatusWord = Static<typeof StatusWord>;

/** `…/src/<s>/status`: a bare word. A degraded source counts as `offline` here; the state tells them apart. */
export const SourceStatusWord = Type.Union([Type.Literal('online'), Type.Literal('offline'), Type.Literal('disabled')]);
export type SourceStatusWord = Static<typeof SourceStatusWord>;

/** `emb/1`: a msgpack map. */
export const EmbeddingMessage = Type.Object({
  s: Type.Literal('emb/1'),
  id: Type.String({ minLength: 1, maxLength: 64, description: 'Unique, sortable by time.' }),
  src: Id,
  m: Type.String({ minLength: 1, maxLength: 64, description: 'Modality.' }),
  boot: Type.String({ minLength: 1, maxLength: 64 }),
  seq: Type.Integer({ minimum: 0, description: 'Counts up by one per source within one boot.' }),
  t0: EpochMicros,
  t1: EpochMicros,
  tp: Type.Integer({ minimum: 0, description: 'Time of publishing, microseconds since the Unix epoch.' }),
  cq: ClockQuality,
  sp: Type.String({ minLength: 1, maxLength: 160, description: 'Vectors of different spaces are never compared.' }),
  eh: Type.String({ minLength: 1, maxLength: 64, description: 'Beginning of the SHA-256 of the encoder.' }),
  pr: Type.String({ maxLength: 64, description: 'Preprocessing preset.' }),
  pc: Type.String({ maxLength: 16, description: 'Precision of the weights.' }),
  d: Type.Integer({ minimum: 1, maximum: 65_536 }),
  dt: ElementType,
  sc: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'Multiplies the integers of i8.' })),
  n: Type.Boolean({ description: 'Of unit length.' }),
  q: Type.Integer({ minimum: 0, description: 'Flags, one bit each.' }),
  fu: Type.Optional(
    Type.Object({
      w: Type.Record(Type.String({ maxLength: 64 }), Type.Number({ minimum: 0 }), {
        description: 'Weight used by source.',
      }),
      missing: Type.Array(Id, { maxItems: 64 }),
    }),
  ),
  v: Type.Unsafe<Uint8Array>(
    Type.Refine(
      Type.Unknown({ description: 'The vector: the bytes of a msgpack bin, d elements of dt, little-endian.' }),
      (value) => value instanceof Uint8Array,
    ),
  ),
});
export type EmbeddingMessage = Static<typeof EmbeddingMessage>;

const LabelScore = Type.Object({
  l: Id,
  p: Type.Union([Probability, Type.Null()], {
    description: 'Probability over the labels and negatives of the set; null where the weights are untrained.',
  }),
  cos: Cosine,
  margin: Type.Number({ minimum: -2.002, maximum: 2.002, description: 'Cosine above the best of all others.' }),
});

/** `scores/1`: JSON, the best labels first. */
export const ScoresMessage = Type.Object({
  s: Type.Literal('scores/1'),
  id: Id,
  src: Id,
  boot: Id,
  t0: EpochMicros,
  t1: EpochMicros,
  sp: Type.String({ minLength: 1, maxLength: 160 }),
  set: Type.String({ minLength: 1, maxLength: 128, description: 'Label set and revision: door-sounds@7.' }),
  cal: Type.Union([Type.String({ minLength: 1, maxLength: 64 }), Type.Null()], {
    description: 'Calibration used; null: the probabilities are raw.',
  }),
  k: Type.Array(LabelScore, { maxItems: 1000 }),
  bg: Type.Union([Cosine, Type.Null()], { description: 'Best cosine among the negatives; null without negatives.' }),
  q: Count,
});
export type ScoresMessage = Static<typeof ScoresMessage>;

/** `info/1`: JSON, retained. */
export const InfoMessage = Type.Object({
  s: Type.Literal('info/1'),
  node: Id,
  boot: Id,
  version: Type.String({ minLength: 1, maxLength: 64 }),
  started: EpochMicros,
  cq: ClockQuality,
  bundle: Type.Optional(
    Type.Object(
      {
        name: Type.String({ minLength: 1, maxLength: 128 }),
        variant: Type.String({ minLength: 1, maxLength: 128 }),
        space: Type.String({ minLength: 1, maxLength: 160 }),
        dimensions: Type.Integer({ minimum: 1 }),
        trained: Type.Boolean(),
        licence: Type.String({ minLength: 1, maxLength: 256 }),
        notice: Type.Optional(
          Type.String({ minLength: 1, maxLength: 512, description: 'To be shown wherever its labels are.' }),
        ),
      },
      { description: 'Left out by a node that publishes what others encoded: a flow of Node-RED.' },
    ),
  ),
  models: Type.Array(
    Type.Object({
      modality: Id,
      sha256: Type.String({ minLength: 1, maxLength: 64 }),
      precision: Type.String({ minLength: 1, maxLength: 16 }),
      preset: Type.String({ minLength: 1, maxLength: 64 }),
    }),
  ),
  sources: Type.Array(Type.Object({ id: Id, modality: Id, device: Id, labels: Type.Array(Id) })),
  groups: Type.Optional(Type.Array(Type.Object({ id: Id, sources: Type.Array(Id), labels: Type.Array(Id) }))),
  rules: Type.Optional(Type.Array(Type.Object({ id: Id, severity: Type.String({ maxLength: 16 }) }))),
  sets: Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { description: 'Label sets and revisions.' }),
  schemas: Type.Array(Type.String({ minLength: 1, maxLength: 32 })),
});
export type InfoMessage = Static<typeof InfoMessage>;

const SourceState = Type.Union([
  Type.Literal('offline'),
  Type.Literal('online'),
  Type.Literal('degraded'),
  Type.Literal('disabled'),
]);

/** `source/1`: JSON, retained, on change. */
export const SourceMessage = Type.Object({
  s: Type.Literal('source/1'),
  src: Id,
  boot: Id,
  modality: Id,
  device: Id,
  state: SourceState,
  reason: Type.Union([Type.String({ maxLength: 1024 }), Type.Null()]),
  code: Type.Union([Type.String({ maxLength: 64 }), Type.Null()], { description: 'Stable error code.' }),
  cure: Type.Union([Type.String({ maxLength: 1024 }), Type.Null()]),
  gaps: Type.Integer({ minimum: 0, description: 'Interruptions since the node started.' }),
  since: EpochMicros,
});
export type SourceMessage = Static<typeof SourceMessage>;

const Millis = Type.Number({ minimum: 0 });
const Percentiles = Type.Object({ p50: Millis, p95: Millis });

/** `health/1`: JSON, every 10 s. Counters count since the node started. */
export const HealthMessage = Type.Object({
  s: Type.Literal('health/1'),
  boot: Id,
  t: EpochMicros,
  uptime_s: Type.Number({ minimum: 0 }),
  rss_mb: Type.Number({ minimum: 0 }),
  loop_delay_ms: Type.Optional(
    Type.Object(
      { p50: Millis, p99: Millis, max: Millis },
      { description: 'How late the event loop came round in the last seconds.' },
    ),
  ),
  gpu_celsius: Type.Optional(
    Type.Union([Type.Number(), Type.Null()], { description: 'null where the machine tells none.' }),
  ),
  reconnects: Count,
  published: Count,
  drops: Type.Record(Type.String({ maxLength: 64 }), Count),
  spool: Type.Object(
    {
      records: Count,
      bytes: Count,
      oldest_s: Type.Optional(
        Type.Union([Type.Number({ minimum: 0 }), Type.Null()], {
          description: 'About how long the oldest has waited.',
        }),
      ),
      dropped: Type.Optional(Count),
      delivered: Count,
      dead_letters: Count,
    },
    {
      description:
        'Messages that must arrive: waiting, on the disk, lost, arrived, and given up since the broker refuses them.',
    },
  ),
  encoders: Type.Optional(
    Type.Record(
      Type.String({ maxLength: 64 }),
      Type.Object({
        provider: Type.Union([Type.String({ maxLength: 64 }), Type.Null()], {
          description: 'null before it is loaded.',
        }),
        forward_ms: Percentiles,
      }),
      { description: 'By modality.' },
    ),
  ),
  sources: Type.Record(
    Type.String({ maxLength: 64 }),
    Type.Object({
      state: Type.Optional(SourceState),
      readings_hz: Type.Optional(Type.Number({ minimum: 0, description: 'In the last ten seconds.' })),
      windows_hz: Type.Optional(Type.Number({ minimum: 0 })),
      windows: Count,
      embeddings: Count,
      gaps: Count,
      drops: Type.Record(Type.String({ maxLength: 64 }), Count),
      encode_ms: Type.Union([Percentiles, Type.Null()], { description: 'Of the last windows; null before the first.' }),
      latency_ms: Type.Optional(
        Type.Record(Type.String({ maxLength: 32 }), Percentiles, {
          description: 'By stage: age, wait, preprocess, forward, score, publish; total is from complete to published.',
        }),
      ),
    }),
  ),
});
export type HealthMessage = Static<typeof HealthMessage>;

/** What is published is checked in tests, what is received always. */
export const validators = {
  'emb/1': new LazyValidator(EmbeddingMessage),
  'scores/1': new LazyValidator(ScoresMessage),
  'event/1': new LazyValidator(EventMessage),
  'info/1': new LazyValidator(InfoMessage),
  'source/1': new LazyValidator(SourceMessage),
  'health/1': new LazyValidator(HealthMessage),
  'label/1': new LazyValidator(LabelMessage),
  'cmd/1': new LazyValidator(CommandMessage),
  'rsp/1': new LazyValidator(ResponseMessage),
  'job/1': new LazyValidator(JobMessage),
} as const;

export type SchemaId = keyof typeof validators;
export const schemaIds = Object.keys(validators) as readonly SchemaId[];
