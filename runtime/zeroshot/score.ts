import type { Embedding } from '../embedding';
import { SensebindError } from '../errors';
import { dotFloats, unit } from '../inference/vectors';
import type { Flag } from '../reading';
import { checkComparable, NO_SCALE, placeOf, softmax } from './arithmetic';
import type { CompiledLabelSet } from './compileLabelSet';
import { scoresOf } from './labelColumns';

/** How much one label is the case. */
export interface LabelScore {
  readonly label: string;
  readonly title: string;
  /** Share among all labels, negatives and background prompts. */
  readonly probability: number;
  readonly cosine: number;
  /** Cosine less that of the best of all others, whether label, negative or background; positive for the best only. */
  readonly margin: number;
  /** Probability from which on the label set counts it as the case. */
  readonly threshold?: number;
}

/** What words say about one embedding. */
export interface Scores {
  /** Id and revision of the label set: `door-sounds@7`. */
  readonly labelSet: string;
  readonly space: string;
  /** In the order of the label set. Made when they are asked for: see `columnsOf` for those who look at many. */
  readonly labels: readonly LabelScore[];
  /** Probability that none of the labels is the case: the share of negatives and background prompts. */
  readonly background: number;
  /** The best cosine among negatives and background prompts; `null` without any. */
  readonly bestBackgroundCosine: number | null;
  /** What the cosines were multiplied by before the softmax. */
  readonly scale: number;
  /** How probabilities were fitted to a site: not at all. */
  readonly calibration: null;
  /** False when no label means anything: an encoder has random weights, or its input was nothing at all. */
  readonly meaningful: boolean;
}

/** The flags of embeddings that are published without probabilities (fault row F21 of reference/anchors.md). */
const MEANINGLESS: ReadonlySet<Flag> = new Set<Flag>(['silent', 'untrained']);

/**
 * Compares one embedding with a label set: softmax of cosine × one scale. Multiplying both scales, as raw outputs of
 * the reference do, saturates to 1 and 0. The scale is the one that the sensor's encoder was bound with; a picture has
 * none and was trained against the text's, so takes that (reference/imagebind.md §8).
 *
 * @throws {SensebindError} `SPACE_MISMATCH` for another space or number of dimensions; `EMBEDDING_NOT_FINITE`;
 * `INPUT_INVALID` for a scale that is not a positive number.
 */
export function score(
  embedding: Embedding,
  compiled: CompiledLabelSet,
  options: { readonly scale?: number } = {},
): Scores {
  checkComparable(placeOf(embedding), compiled);
  const scale = options.scale ?? (embedding.logitScale === NO_SCALE ? compiled.logitScale : embedding.logitScale);
  checkScale(scale);
  const direction = unit(embedding.vector);
  const cosines = new Float64Array(compiled.rows.length);
  // Counted, not iterated: a pair of index and row for each of a thousand labels is mostly waste.
  let place = 0;
  for (const row of compiled.rows) cosines[place++] = dotFloats(direction, row);
  const probabilities = softmax(cosines, scale);
  const others = cosines.subarray(compiled.labels.length);
  return scoresOf(
    {
      labelSet: compiled.name,
      space: compiled.space,
      background: probabilities.subarray(compiled.labels.length).reduce((sum, share) => sum + share, 0),
      bestBackgroundCosine: others.length === 0 ? null : Math.max(...others),
      scale,
      calibration: null,
      meaningful: compiled.trained && !embedding.flags.some((flag) => MEANINGLESS.has(flag)),
    },
    { labels: compiled.labels, probabilities, cosines },
  );
}

function checkScale(scale: number): void {
  if (Number.isFinite(scale) && scale > 0) return;
  throw new SensebindError(
    'INPUT_INVALID',
    `expected a scale above zero, found ${scale}`,
    'Leave it out to take the one of the encoder.',
  );
}
