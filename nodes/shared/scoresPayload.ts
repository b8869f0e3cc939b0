import Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { Micros } from '../../runtime/clock';
import type { Flag } from '../../runtime/reading';
import { type LabelScore, type Scores, topLabels } from '../../runtime/zeroshot/score';
import type { RankedLabel, ScoresPayload } from './payloads';

/** What was scored, and when that was. */
export interface Scored {
  /** Id of the source or group. */
  readonly source: string;
  readonly startMicros: Micros;
  readonly endMicros: Micros;
  readonly flags: readonly Flag[];
}

/** Enough for a display; the whole is in `labels`. */
const MOST_TOP = 10;

/** Scores as a payload: plain data, the best first in `top`. */
export function scoresPayload(scores: Scores, { source, startMicros, endMicros, flags }: Scored): ScoresPayload {
  const top = scores.meaningful ? topLabels(scores, MOST_TOP).map(ranked) : [];
  return { kind: 'scores', source, ...scores, best: top[0] ?? null, top, startMicros, endMicros, flags };
}

function ranked({ label, title, probability }: LabelScore): RankedLabel {
  return { label, title, probability };
}

const Text = Type.String({ minLength: 1, maxLength: 128 });

/** What events are made of; the rest of the payload is for people and other nodes. */
const ScoresIn = Type.Object({
  kind: Type.Literal('scores'),
  source: Text,
  labelSet: Text,
  space: Type.String({ maxLength: 200 }),
  labels: Type.Array(
    Type.Object({
      label: Text,
      title: Type.String({ maxLength: 1024 }),
      probability: Type.Number(),
      cosine: Type.Number(),
      margin: Type.Number(),
      threshold: Type.Optional(Type.Number()),
    }),
    { maxItems: 1000 },
  ),
  background: Type.Number(),
  meaningful: Type.Boolean(),
  startMicros: Type.Number(),
  endMicros: Type.Number(),
  flags: Type.Array(Type.String({ maxLength: 64 }), { maxItems: 64 }),
});
const validator = Compile(ScoresIn);

/** The scores in a payload, also where they went through JSON. */
export function scoresOf(payload: unknown): ScoresPayload | undefined {
  return validator.Check(payload) ? (payload as unknown as ScoresPayload) : undefined;
}
