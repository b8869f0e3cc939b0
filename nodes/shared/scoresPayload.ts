import type { Micros } from '../../runtime/clock';
import type { Flag } from '../../runtime/reading';
import { topLabels } from '../../runtime/zeroshot/labelColumns';
import type { LabelScore, Scores } from '../../runtime/zeroshot/score';
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
