import { SensebindError } from '../errors';
import { columnsOf, scoresOf } from '../zeroshot/labelColumns';
import type { Scores } from '../zeroshot/score';

/** The scores of one source, and how much they count. */
export interface WeightedScores {
  readonly scores: Scores;
  readonly weight: number;
}

/**
 * Late fusion: probabilities and cosines averaged by weight, so that each source has its say in its own scale. Scores
 * that mean nothing are left out as long as others mean something.
 *
 * @throws {SensebindError} `INPUT_INVALID` for scores of different label sets or revisions, and for none.
 */
export function jointScores(parts: readonly WeightedScores[]): Scores {
  const meaningful = parts.filter(({ scores }) => scores.meaningful);
  const used = meaningful.length > 0 ? meaningful : parts;
  const [first] = used;
  if (first === undefined) throw notAlike('none');
  for (const { scores } of used) {
    if (scores.labelSet !== first.scores.labelSet || scores.space !== first.scores.space) {
      throw notAlike(`${first.scores.labelSet} and ${scores.labelSet}`);
    }
  }
  const total = used.reduce((sum, { weight }) => sum + weight, 0);
  const mean = (of: (scores: Scores) => number): number =>
    used.reduce((sum, { scores, weight }) => sum + (weight / total) * of(scores), 0);
  const hasBackground = used.every(({ scores }) => scores.bestBackgroundCosine !== null);
  const bestBackgroundCosine = hasBackground ? mean((scores) => scores.bestBackgroundCosine ?? 0) : null;
  const { labels } = columnsOf(first.scores);
  const probabilities = new Float64Array(labels.length);
  // The best background prompt stands after the labels: margins are against it, too.
  const cosines = new Float64Array(labels.length + 1).fill(bestBackgroundCosine ?? Number.NEGATIVE_INFINITY, -1);
  for (const { scores, weight } of used) {
    const share = weight / total;
    const part = columnsOf(scores);
    for (let index = 0; index < labels.length; index++) {
      probabilities[index] = (probabilities[index] ?? 0) + share * (part.probabilities[index] ?? 0);
      cosines[index] = (cosines[index] ?? 0) + share * (part.cosines[index] ?? 0);
    }
  }
  const { labelSet, space, calibration } = first.scores;
  return scoresOf(
    {
      labelSet,
      space,
      background: mean(({ background }) => background),
      bestBackgroundCosine,
      scale: mean(({ scale }) => scale),
      calibration,
      meaningful: meaningful.length > 0,
    },
    { labels, probabilities, cosines },
  );
}

function notAlike(found: string): SensebindError {
  return new SensebindError(
    'INPUT_INVALID',
    `expected the scores of several sources for one revision of a label set, found ${found}`,
    'score the embeddings of all sources with the same label set',
  );
}
