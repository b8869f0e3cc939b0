import type { CompiledLabel } from './compileLabelSet';
import type { LabelScore, Scores } from './score';

/**
 * The scores of labels as columns of numbers. Of a thousand labels that are scored eight times a second, almost none is
 * looked at: an object for each would cost more than comparing the vectors.
 */
export interface LabelColumns {
  readonly labels: readonly CompiledLabel[];
  readonly probabilities: ArrayLike<number>;
  readonly cosines: ArrayLike<number>;
  /** One label with all its numbers. */
  at(index: number): LabelScore | undefined;
}

/** The columns of scores that were made from columns. */
const known = new WeakMap<Scores, LabelColumns>();

/** Scores whose labels are made when somebody asks for them. */
export function scoresOf(
  rest: Omit<Scores, 'labels'>,
  numbers: {
    readonly labels: readonly CompiledLabel[];
    /** Of these and of the cosines, first those of the labels. */
    readonly probabilities: Float64Array;
    /** What comes after those of the labels counts for margins only. */
    readonly cosines: Float64Array;
  },
): Scores {
  const columns = computed(numbers);
  let made: readonly LabelScore[] | undefined;
  const scores: Scores = {
    ...rest,
    get labels() {
      made ??= numbers.labels.flatMap((_, index) => columns.at(index) ?? []);
      return made;
    },
  };
  known.set(scores, columns);
  return scores;
}

/** The columns of any scores, also of those that came as plain data. */
export function columnsOf(scores: Scores): LabelColumns {
  const found = known.get(scores);
  if (found !== undefined) return found;
  const { labels } = scores;
  return {
    labels: labels.map(({ label, title, threshold }) =>
      threshold === undefined ? { id: label, title } : { id: label, title, threshold },
    ),
    probabilities: labels.map(({ probability }) => probability),
    cosines: labels.map(({ cosine }) => cosine),
    at: (index) => labels[index],
  };
}

/** The `count` most probable labels, best first. */
export function topLabels(scores: Scores, count: number): readonly LabelScore[] {
  const { labels, probabilities, at } = columnsOf(scores);
  const places = Uint32Array.from(labels, (_, index) => index);
  places.sort((a, b) => (probabilities[b] ?? 0) - (probabilities[a] ?? 0));
  return [...places.subarray(0, count)].flatMap((index) => at(index) ?? []);
}

function computed({ labels, probabilities, cosines }: Parameters<typeof scoresOf>[1]): LabelColumns {
  const { best, largest, second } = twoLargest(cosines);
  return {
    labels,
    probabilities: probabilities.subarray(0, labels.length),
    cosines: cosines.subarray(0, labels.length),
    at: (index) => {
      const label = labels[index];
      if (label === undefined) return undefined;
      const { id, title, threshold } = label;
      const probability = probabilities[index] ?? 0;
      const cosine = cosines[index] ?? 0;
      const margin = cosine - (index === best ? second : largest);
      return threshold === undefined
        ? { label: id, title, probability, cosine, margin }
        : { label: id, title, probability, cosine, margin, threshold };
    },
  };
}

interface TwoLargest {
  /** Where the largest stands. */
  readonly best: number;
  readonly largest: number;
  readonly second: number;
}

function twoLargest(values: Float64Array): TwoLargest {
  let best = -1;
  let largest = Number.NEGATIVE_INFINITY;
  let second = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < values.length; index++) {
    const value = values[index] ?? Number.NEGATIVE_INFINITY;
    if (value > largest) {
      second = largest;
      largest = value;
      best = index;
    } else if (value > second) second = value;
  }
  return { best, largest, second };
}
