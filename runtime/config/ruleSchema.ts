import Type, { type Static, type TSchema } from '#typebox';
import { MEASURE_IDS } from '../events/measures';
import { ID_PATTERN } from '../mqtt/topics';
import { DURATION_PATTERN } from './duration';

const FORBID = { additionalProperties: false } as const;

const Id = Type.String({ pattern: ID_PATTERN, title: '1 to 64 letters a-z, digits, "-" or "_"' });
const duration = (description: string) =>
  Type.Optional(Type.String({ pattern: DURATION_PATTERN, title: 'a duration such as 2s or 500ms', description }));
const share = (description: string) => Type.Optional(Type.Number({ minimum: 0, maximum: 1, description }));

/** Sources that are looked at together. */
export const Fusion = Type.Object(
  {
    sources: Type.Record(
      Type.String({ pattern: ID_PATTERN }),
      Type.Number({ exclusiveMinimum: 0, maximum: 1000, title: 'a weight above 0' }),
      { ...FORBID, minProperties: 1, maxProperties: 64, description: 'Weight by source.' },
    ),
    method: Type.Optional(
      Type.Enum(['embeddings', 'scores'], {
        description: 'One embedding of all, or the scores of each averaged. Default: embeddings.',
      }),
    ),
    hop: duration('Between two joint windows. Default: 1s.'),
    tolerance: duration('What ends so much after a joint window still belongs to it. Default: 250ms.'),
    wait: duration('How long a late source is waited for. Default: 500ms.'),
    halfLife: duration('What is older than a hop loses half its weight in this time. Default: 2s.'),
    forgetAfter: duration('A source that was silent so long is missing. Default: 10s.'),
    labels: Type.Optional(Type.Array(Id, { maxItems: 64, description: 'Label sets to score with.' })),
    scale: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 1000,
        description: 'Multiplies cosines. Default: from the encoders.',
      }),
    ),
  },
  FORBID,
);

/**
 * Exactly one of `label`, `measure`, `all` and `any`; a cross-check says so in words, which a union of schemas does not.
 */
function conditionOf<Inner extends TSchema>(inner: Inner) {
  const several = Type.Optional(Type.Array(inner, { minItems: 1, maxItems: 32 }));
  return Type.Object({ ...single, all: several, any: several }, FORBID);
}

const single = {
  of: Type.Optional(Id),
  label: Type.Optional(Id),
  set: Type.Optional(Id),
  on: share('Probability. Default: the threshold of the label, else 0.5.'),
  off: share('Probability. Default: four fifths of "on".'),
  measure: Type.Optional(Type.Enum([...MEASURE_IDS], { title: `one of ${MEASURE_IDS.join(', ')}` })),
  above: Type.Optional(Type.Number()),
  below: Type.Optional(Type.Number()),
  until: Type.Optional(Type.Number({ description: 'Where it goes off again. Default: the same value.' })),
};

const Single = Type.Object(single, FORBID);

export const Rule = Type.Object(
  {
    when: conditionOf(conditionOf(conditionOf(Single))),
    minimumOn: duration('The condition must hold so long. Default: 0s.'),
    minimumOff: duration('It must be over so long. Default: 0s.'),
    coolDown: duration('No new event so long after an end. Default: 0s.'),
    updateEvery: duration('Default: 10s.'),
    forgetAfter: duration('What a source said is taken for true so long. Default: three hops, at least 10s.'),
    severity: Type.Optional(Type.Enum(['info', 'warning', 'alarm'], { description: 'Default: info.' })),
  },
  FORBID,
);

export type FusionDocument = Static<typeof Fusion>;
export type RuleDocument = Static<typeof Rule>;

/** A condition of any depth, as it is written. */
export interface ConditionDocument extends Static<typeof Single> {
  readonly all?: readonly ConditionDocument[];
  readonly any?: readonly ConditionDocument[];
}
