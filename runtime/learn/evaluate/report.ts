import Type, { type Static } from '#typebox';
import { ArithmeticFigures } from './arithmetic';
import { Figure } from './figure';
import { TrainingResults } from './results';
import { RetrievalFigures } from './retrieval';
import { TopFigures } from './zeroShot';

const Count = Type.Integer({ minimum: 0 });
const Share = Type.Number({ minimum: 0, maximum: 1 });
const orNull = <Schema extends Type.TSchema>(schema: Schema, description: string) =>
  Type.Union([schema, Type.Null()], { description });

/** Scenes of some events, scored among the labels of those events only. */
const AmongFew = Type.Object(
  { events: Type.Array(Type.String(), { minItems: 2 }), chance: Share, top1: Figure },
  { additionalProperties: false },
);
export type AmongFew = Static<typeof AmongFew>;

/**
 * What is known of one encoder. All but `everyScene` and the few-label figures are about events that it perceives; `shown`
 * is about those of them that the camera perceives too, whose names a picture can teach.
 */
export const ModalityReport = Type.Object(
  {
    modality: Type.String(),
    preset: Type.String(),
    perceivable: Type.Integer({ minimum: 1, description: 'Events that the sensor can perceive.' }),
    trivial: TopFigures,
    nearestRaw: Figure,
    nearestInput: Figure,
    new: TopFigures,
    held: TopFigures,
    shown: TopFigures,
    paraphrased: TopFigures,
    everyScene: Type.Object(
      { trivial: TopFigures, new: TopFigures },
      {
        additionalProperties: false,
        description: 'The same on all new scenes, whether the sensor perceives them or not.',
      },
    ),
    blind: orNull(AmongFew, 'Events that the sensor cannot perceive; null for less than two.'),
    unshown: orNull(AmongFew, 'Events that the sensor perceives and the camera does not; null for less than two.'),
    toImage: orNull(RetrievalFigures, 'Of the same scene; null for the camera itself, and without its encoder.'),
    toCaption: RetrievalFigures,
    recallOfEvent: Type.Record(Type.String(), Share, { description: 'Top 1 on new scenes, by event.' }),
  },
  { additionalProperties: false },
);
export type ModalityReport = Static<typeof ModalityReport>;

/** Columns that come from other weights than those of the bundle. */
const Controls = Type.Union([
  Type.Object({ status: Type.Literal('stored'), results: TrainingResults }, { additionalProperties: false }),
  Type.Object(
    { status: Type.Union([Type.Literal('absent'), Type.Literal('refused')]), reason: Type.String() },
    { additionalProperties: false },
  ),
]);
export type Controls = Static<typeof Controls>;

/** What `sensebind eval --json` prints. Shares of one, not per cent. */
export const EvaluationReport = Type.Object(
  {
    format: Type.Literal('sensebind-evaluation/1'),
    bundle: Type.Object(
      { name: Type.String(), hash: Type.String(), space: Type.String(), trained: Type.Boolean() },
      { additionalProperties: false },
    ),
    scenes: Type.Object(
      { seed: Count, new: Count, held: Count, two: Count, labelled: Count },
      { additionalProperties: false, description: 'How many of each set were judged, and labelled for the baselines.' },
    ),
    labels: Type.Integer({ minimum: 1 }),
    chance: Type.Object({ top1: Share, top5: Share }, { additionalProperties: false }),
    modalities: Type.Array(ModalityReport),
    notJudged: Type.Array(Type.String(), { description: 'Encoders of the bundle that no sensor of the world feeds.' }),
    arithmetic: orNull(ArithmeticFigures, 'Null without encoders of pictures and sound.'),
    controls: Controls,
  },
  { additionalProperties: false },
);
export type EvaluationReport = Static<typeof EvaluationReport>;
