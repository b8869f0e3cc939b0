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
  const labels = first.scores.labels.length;
  const probabilities = new Float64Array(labels);
  const cosines = new Float64Array(labels);
  for (const { scores, weight } of used) {
    const share = weight / total;
    for (let index = 0; index < labels; index++) {
      const label = scores.labels[index];
      probabilities[index] = (probabilities[index] ?? 0) + share * (label?.probability ?? 0);
      cosines[index] = (cosines[index] ?? 0) + share * (label?.cosine ?? 0);
    }
  }
  return {
    ...first.scores,
    labels: labelScores(first.scores.labels, { probabilities, cosines, background: bestBackgroundCosine }),
    background: mean(({ background }) => background),
    bestBackgroundCosine,
    scale: mean(({ scale }) => scale),
    meaningful: meaningful.length > 0,
  };
}

/** The same labels with other numbers; the margin of each is its cosine less the best of all others. */
function labelScores(
  labels: readonly LabelScore[],
  of: { readonly probabilities: Float64Array; readonly cosines: Float64Array; readonly background: number | null },
): LabelScore[] {
  const { probabilities, cosines, background } = of;
  let best = background ?? Number.NEGATIVE_INFINITY;
  let second = Number.NEGATIVE_INFINITY;
  for (const cosine of cosines) {
    if (cosine > best) {
      second = best;
      best = cosine;
    } else if (cosine > second) second = cosine;
  }
  return labels.map(({ label, title, threshold }, index) => {
    const probability = probabilities[index] ?? 0;
    const cosine = cosines[index] ?? 0;
    const margin = cosine - (cosine === best ? second : best);
    return threshold === undefined
      ? { label, title, probability, cosine, margin }
      : { label, title, probability, cosine, margin, threshold };
  });
}

function notAlike(found: string): SensebindError {
  return new SensebindError(
    'INPUT_INVALID',
    `expected the scores of several sources for one revision of a label set, found ${found}`,
    'score the embeddings of all sources with the same label set',
  );
}
