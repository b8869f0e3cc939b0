import Type, { type Static } from '#typebox';
import type { EvaluationReport } from './report';
import { RetrievalFigures } from './retrieval';
import { TopFigures } from './zeroShot';

const Count = Type.Integer({ minimum: 0 });

/** What a bundle knows, by modality: as in the report, over events that the sensor perceives. */
const JudgedBundle = Type.Object(
  {
    bundle: Type.String({ pattern: '^[0-9a-f]{64}$', description: '`bundleHash` of what was judged.' }),
    modalities: Type.Record(
      Type.String({ minLength: 1, maxLength: 64 }),
      Type.Object(
        {
          new: TopFigures,
          held: TopFigures,
          toImage: Type.Union([RetrievalFigures, Type.Null()]),
          toCaption: RetrievalFigures,
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);
export type JudgedBundle = Static<typeof JudgedBundle>;

/** The same weights on the same scenes before and after the step that makes them int8, through the engine. */
export const Precisions = Type.Object(
  {
    judged: Type.Object({ seed: Count, new: Count, held: Count }, { additionalProperties: false }),
    floatingPoint: JudgedBundle,
    shipped: JudgedBundle,
  },
  { additionalProperties: false },
);
export type Precisions = Static<typeof Precisions>;

/** What of a report is kept. */
export function judgedBundle({ bundle, modalities }: EvaluationReport): JudgedBundle {
  return {
    bundle: bundle.hash,
    modalities: Object.fromEntries(
      modalities.map(({ modality, new: fresh, held, toImage, toCaption }) => [
        modality,
        { new: fresh, held, toImage, toCaption },
      ]),
    ),
  };
}
