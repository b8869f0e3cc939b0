import { SensebindError } from '../errors';
import type { LabelScore, Scores } from '../zeroshot/score';

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
  const labels = first.scores.labels.map((label, index) => ({
    ...label,
    probability: mean((scores) => scores.labels[index]?.probability ?? 0),
    cosine: mean((scores) => scores.labels[index]?.cosine ?? 0),
  }));
  return {
    ...first.scores,
    labels: withMargins(labels, bestBackgroundCosine),
    background: mean(({ background }) => background),
    bestBackgroundCosine,
    scale: mean(({ scale }) => scale),
    meaningful: meaningful.length > 0,
  };
}

/** Each cosine less the best of all others. */
function withMargins(labels: readonly LabelScore[], background: number | null): LabelScore[] {
  let best = background ?? Number.NEGATIVE_INFINITY;
  let second = Number.NEGATIVE_INFINITY;
  for (const { cosine } of labels) {
    if (cosine > best) {
      second = best;
      best = cosine;
    } else if (cosine > second) second = cosine;
  }
  return labels.map((label) => ({ ...label, margin: label.cosine - (label.cosine === best ? second : best) }));
}

function notAlike(found: string): SensebindError {
  return new SensebindError(
    'INPUT_INVALID',
    `expected the scores of several sources for one revision of a label set, found ${found}`,
    'score the embeddings of all sources with the same label set',
  );
}
