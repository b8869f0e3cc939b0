import Type, { type Static } from '#typebox';

const Id = Type.String({ minLength: 1, maxLength: 64 });
const Cosine = Type.Number({ minimum: -1.001, maximum: 1.001 });

/** `…/label/<l>/state`: a bare word. */
export const LabelStateWord = Type.Union([Type.Literal('ON'), Type.Literal('OFF')]);
export type LabelStateWord = Static<typeof LabelStateWord>;

/** `…/label/<l>/threshold/state` and `…/set`: a number in [0, 1] as text. */
export const ThresholdWord = Type.String({ pattern: '^(0|1|[01]?\\.[0-9]{1,17}|[1-9](\\.[0-9]+)?e-[0-9]{1,2})$' });

/** `…/label/<l>/prompt/state` and `…/set`: prompts, one after the other. */
export const PromptWord = Type.String({ minLength: 1, maxLength: 1024 });

/** `label/1`: JSON, retained, on `…/label/<l>/attr`: what the state of a label rests on. */
export const LabelMessage = Type.Object({
  s: Type.Literal('label/1'),
  l: Id,
  title: Type.String({ minLength: 1, maxLength: 128 }),
  on: Type.Boolean(),
  p: Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()], {
    description: 'Probability by the source that is surest; null where nothing is known.',
  }),
  cos: Type.Union([Cosine, Type.Null()]),
  margin: Type.Union([Type.Number({ minimum: -2.002, maximum: 2.002 }), Type.Null()]),
  since: Type.Integer({ minimum: 0, description: 'Of the state; microseconds since the Unix epoch.' }),
  src: Type.Array(Id, { maxItems: 64, description: 'Sources and groups that say so.' }),
  set: Type.String({ minLength: 1, maxLength: 128, description: 'Label set and revision: door-sounds@7.' }),
  threshold: Type.Number({ minimum: 0, maximum: 1, description: 'Probability that counts as on.' }),
  cal: Type.Union([Type.String({ minLength: 1, maxLength: 64 }), Type.Null()], {
    description: 'Calibration used; null: the probability is raw.',
  }),
  reason: Type.Union([Type.Literal('condition'), Type.Literal('no-data'), Type.Literal('rule-changed'), Type.Null()], {
    description: 'Why it went off: not so any more, nobody speaks of it any more, or the words are others now.',
  }),
});
export type LabelMessage = Static<typeof LabelMessage>;
