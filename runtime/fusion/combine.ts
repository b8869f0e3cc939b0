import { createHash } from 'node:crypto';
import type { Embedding } from '../embedding';
import type { Flag } from '../reading';
import { NO_SCALE, type Weighted, weightedSum } from '../zeroshot/arithmetic';

/** Modality and preset of an embedding that is made of several that differ. */
export const FUSED = 'fused';

/**
 * One embedding of several: {@link weightedSum} of their vectors, with what is known of all of them. Its logit scale is
 * the mean of theirs by weight; with a picture among them, which has none, it has none either.
 *
 * @throws {SensebindError} `SPACE_MISMATCH`; `EMBEDDING_NOT_FINITE` when there are no parts, or they cancel out.
 */
export function combine(
  parts: readonly Weighted[],
  options: { readonly sequence?: number; readonly flags?: readonly Flag[] } = {},
): Embedding {
  const vector = weightedSum(parts);
  const embeddings = parts.map(({ embedding }) => embedding);
  const started = embeddings.map(({ startMicros }) => startMicros).filter((micros) => micros > 0);
  return {
    vector,
    space: embeddings[0]?.space ?? '',
    encoder: encoderOf(embeddings),
    modality: common(embeddings.map(({ modality }) => modality)) ?? FUSED,
    preset: common(embeddings.map(({ preset }) => preset)) ?? FUSED,
    precision: common(embeddings.map(({ precision }) => precision)) ?? 'mixed',
    logitScale: scaleOf(parts),
    sources: [...new Set(embeddings.flatMap(({ sources }) => sources))].sort(),
    startMicros: started.length === 0 ? 0 : Math.min(...started),
    endMicros: Math.max(0, ...embeddings.map(({ endMicros }) => endMicros)),
    sequence: options.sequence ?? 0,
    flags: [...new Set([...embeddings.flatMap(({ flags }) => flags), ...(options.flags ?? [])])].sort(),
  };
}

/** What both say, each at half the weight. */
export function add(left: Embedding, right: Embedding): Embedding {
  return mean([left, right]);
}

/** `from` without what `taken` says. */
export function subtract(from: Embedding, taken: Embedding): Embedding {
  return combine([
    { embedding: from, weight: 1 },
    { embedding: taken, weight: -1 },
  ]);
}

/** The direction in the middle of all. @throws {SensebindError} as {@link combine}. */
export function mean(embeddings: readonly Embedding[]): Embedding {
  return combine(embeddings.map((embedding) => ({ embedding, weight: 1 / embeddings.length })));
}

/** The hash of the one encoder, or one over those of several. */
function encoderOf(embeddings: readonly Embedding[]): string {
  const encoders = [...new Set(embeddings.map(({ encoder }) => encoder))].sort();
  return common(encoders) ?? createHash('sha256').update(encoders.join('\n')).digest('hex');
}

function scaleOf(parts: readonly Weighted[]): number {
  if (parts.some(({ embedding }) => embedding.logitScale === NO_SCALE)) return NO_SCALE;
  const total = parts.reduce((sum, { weight }) => sum + Math.abs(weight), 0);
  return parts.reduce((sum, { embedding, weight }) => sum + (Math.abs(weight) / total) * embedding.logitScale, 0);
}

function common(values: readonly string[]): string | undefined {
  return values.every((value) => value === values[0]) ? values[0] : undefined;
}
