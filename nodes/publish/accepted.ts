import Type from '#typebox';
import { Compile } from '#typebox/compile';
import type { Embedding } from '../../runtime/embedding';
import { SensebindError } from '../../runtime/errors';
import type { DetectedEvent } from '../../runtime/events/detectedEvent';
import { FUSED } from '../../runtime/fusion/combine';
import type { Fused } from '../../runtime/fusion/group';
import { FLAG_BITS } from '../../runtime/mqtt/flagBits';
import type { Flag } from '../../runtime/reading';
import type { Message } from '../shared/defineNode';
import { embeddingOf, type Origin, originOf, readingOf } from '../shared/payloads';
import { plainScores, type ScoresOfSource } from '../shared/plainScores';

/** How much each source of a group counted, as far as the message says. */
export type Fusion = Pick<Fused, 'weights' | 'missing'>;

/** What a message asks to be published. */
export type Accepted =
  | {
      readonly kind: 'embedding';
      readonly source: string;
      /** Of a group of sources. */
      readonly fusion: Fusion | undefined;
      readonly embedding: Embedding;
    }
  | {
      readonly kind: 'scores';
      /** Nothing where the message does not say. */
      readonly modality: string | undefined;
      readonly fusion: Fusion | undefined;
      readonly scores: ScoresOfSource;
    }
  | { readonly kind: 'event'; readonly event: DetectedEvent };

const Id = Type.String({ minLength: 1, maxLength: 64 });
const Name = Type.String({ minLength: 1, maxLength: 128 });
const Value = Type.Union([Type.Number(), Type.Null()]);
const Flags = Type.Array(Type.Enum(Object.keys(FLAG_BITS) as Flag[]), { maxItems: 64 });

/** As {@link plainScores}: plain data is not trusted. */
const eventValidator = Compile(
  Type.Object({
    kind: Type.Literal('event'),
    id: Id,
    rule: Id,
    phase: Type.Enum(['new', 'update', 'end']),
    sequence: Type.Integer({ minimum: 0 }),
    severity: Type.Enum(['info', 'warning', 'alarm']),
    startMicros: Type.Integer(),
    endMicros: Type.Union([Type.Integer(), Type.Null()]),
    detectedMicros: Type.Integer(),
    evidence: Type.Array(
      Type.Object({
        of: Id,
        what: Type.Union([
          Type.Object({ kind: Type.Literal('label'), label: Id }),
          Type.Object({ kind: Type.Literal('measure'), measure: Id, unit: Type.String({ maxLength: 16 }) }),
        ]),
        isOn: Type.Boolean(),
        value: Value,
        peak: Value,
      }),
      { maxItems: 64 },
    ),
    labelSet: Type.Union([Name, Type.Null()]),
    reason: Type.Union([Type.Enum(['condition', 'no-data', 'rule-changed']), Type.Null()]),
    flags: Flags,
  }),
);

/** @throws {SensebindError} `INPUT_UNSUPPORTED` for what the contract has no topic for; `INPUT_INVALID` for wrong data. */
export function acceptedOf(message: Message): Accepted {
  const { payload } = message;
  const origin = originOf({ ...message });
  const embedding = embeddingOf(payload);
  if (embedding !== undefined) {
    const [only = ''] = embedding.sources;
    const source = origin?.source ?? (embedding.sources.length === 1 ? only : (message.topic ?? ''));
    // A vector that a flow made up says nothing of where it comes from.
    if (embedding.modality === '' || embedding.encoder === '') throw anonymous();
    const isGroup = embedding.modality === FUSED || embedding.sources.length > 1;
    return { kind: 'embedding', source, fusion: fusionOf(origin, isGroup), embedding };
  }
  if (readingOf(payload) !== undefined) throw isReading();
  const scores = plainScores(payload);
  if (scores !== undefined) {
    const { modality } = origin ?? {};
    return { kind: 'scores', modality, fusion: fusionOf(origin, modality === FUSED), scores };
  }
  switch (kindOf(payload)) {
    case 'event':
      if (!eventValidator.Check(payload)) throw invalid('an event', eventValidator.Errors(payload)[0]);
      return { kind: 'event', event: payload };
    default:
      throw unsupported(payload);
  }
}

const fusionValidator = Compile(
  Type.Object({
    weights: Type.Record(Type.String({ maxLength: 64 }), Type.Number({ minimum: 0 }), { maxProperties: 64 }),
    missing: Type.Optional(Type.Array(Id, { maxItems: 64 })),
  }),
);

/** Several sources, or several kinds of sensors: a fuse node says how much each counted. */
function fusionOf(origin: Origin | undefined, isGroup: boolean): Fusion | undefined {
  if (fusionValidator.Check(origin)) return { weights: origin.weights, missing: origin.missing ?? [] };
  return isGroup ? { weights: {}, missing: [] } : undefined;
}

function kindOf(payload: unknown): unknown {
  return typeof payload === 'object' && payload !== null && 'kind' in payload ? payload.kind : undefined;
}

function anonymous(): SensebindError {
  return new SensebindError(
    'INPUT_INVALID',
    'expected an embedding that says its encoder and its modality, found one without',
    'pass on the payload of an encode node whole',
  );
}

function isReading(): SensebindError {
  return new SensebindError(
    'INPUT_UNSUPPORTED',
    'expected embeddings, scores or events in msg.payload, found a reading: what a sensor sees and hears stays on this machine',
    'wire an encode node between the source and this node',
  );
}

function unsupported(payload: unknown): SensebindError {
  const found = payload === null ? 'null' : Array.isArray(payload) ? 'an array' : typeof payload;
  return new SensebindError(
    'INPUT_UNSUPPORTED',
    `expected embeddings, scores or events of Sensebind in msg.payload, found ${found}`,
    "use Node-RED's own mqtt out node for other messages",
  );
}

function invalid(
  what: string,
  error: { readonly instancePath: string; readonly message: string } | undefined,
): SensebindError {
  const where = error === undefined ? '' : `: ${error.instancePath} ${error.message}`;
  return new SensebindError(
    'INPUT_INVALID',
    `expected ${what} as Sensebind sends them, found something else in msg.payload${where}`,
    'pass the payload on as it came, or look at the help of the node that makes it',
  );
}
