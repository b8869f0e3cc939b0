import Type from '#typebox';
import { Compile } from '#typebox/compile';
import { SensebindError } from '../../runtime/errors';
import { FLAG_BITS } from '../../runtime/mqtt/flagBits';
import type { Flag } from '../../runtime/reading';
import type { Scores } from '../../runtime/zeroshot/score';
import type { ScoresPayload } from './payloads';

/** Scores, and of what: the part of a {@link ScoresPayload} that is not made for people. */
export type ScoresOfSource = Scores & Pick<ScoresPayload, 'source' | 'startMicros' | 'endMicros' | 'flags'>;

const Share = Type.Number({ minimum: 0, maximum: 1 });
const Cosine = Type.Number({ minimum: -1.001, maximum: 1.001 });
const EpochMicros = Type.Integer({ minimum: 0 });

/** Plain data passes through function nodes, where anybody may change it: it is held against this, not trusted. */
const PlainScores = Compile(
  Type.Object({
    kind: Type.Literal('scores'),
    source: Type.String({ minLength: 1, maxLength: 64 }),
    labelSet: Type.String({ minLength: 1, maxLength: 128 }),
    space: Type.String({ minLength: 1, maxLength: 160 }),
    labels: Type.Array(
      Type.Object({
        label: Type.String({ minLength: 1, maxLength: 64 }),
        title: Type.String({ maxLength: 256 }),
        probability: Share,
        cosine: Cosine,
        margin: Type.Number({ minimum: -2.002, maximum: 2.002 }),
        threshold: Type.Optional(Share),
      }),
      { minItems: 1, maxItems: 1000 },
    ),
    background: Share,
    bestBackgroundCosine: Type.Union([Cosine, Type.Null()]),
    scale: Type.Number({ exclusiveMinimum: 0 }),
    meaningful: Type.Boolean(),
    startMicros: EpochMicros,
    endMicros: EpochMicros,
    flags: Type.Array(Type.String({ maxLength: 64 }), { maxItems: 64 }),
  }),
);

/**
 * The scores in a payload, ours or as plain data; nothing for what is none.
 *
 * @throws {SensebindError} `INPUT_INVALID` for scores that are not whole.
 */
export function plainScores(value: unknown): ScoresOfSource | undefined {
  if (typeof value !== 'object' || value === null || !('kind' in value) || value.kind !== 'scores') return undefined;
  if (PlainScores.Check(value)) {
    const flags = value.flags.filter((flag): flag is Flag => Object.hasOwn(FLAG_BITS, flag));
    return { ...value, flags, calibration: null };
  }
  const [first] = PlainScores.Errors(value);
  throw new SensebindError(
    'INPUT_INVALID',
    `expected the scores of a labels node, found: ${first?.instancePath ?? ''} ${first?.message ?? ''}`,
    'pass on the payload of a labels node as it is',
  );
}
