/** Samples `start` … `end - 1` of a recording. */
export interface Clip {
  readonly start: number;
  readonly end: number;
}

/** How a recording is sampled into clips. */
export interface ClipOptions {
  readonly sampleRateHz: number;
  readonly clipSeconds: number;
  readonly clips: number;
}

/** A non-negative rational number. */
interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/**
 * Where the reference's clips lie in a recording of `samples` samples: evenly spread, the first at the beginning, the
 * last at the end; all alike when the recording is no longer than one (reference/imagebind.md §3.2).
 *
 * The duration is a double and carries its rounding error; from there on the reference computes with exact fractions.
 * Doubles throughout would move every third clip by one sample.
 */
export function clipsOf(samples: number, { sampleRateHz, clipSeconds, clips }: ClipOptions): Clip[] {
  const lastStart = exact(Math.max(samples / sampleRateHz - clipSeconds, 0));
  const clip = exact(clipSeconds);
  const gaps = BigInt(Math.max(clips - 1, 1));
  return Array.from({ length: clips }, (_, index) => {
    const start = { numerator: lastStart.numerator * BigInt(index), denominator: lastStart.denominator * gaps };
    return {
      start: floorProduct(start, sampleRateHz),
      end: Math.min(floorProduct(sum(start, clip), sampleRateHz), samples),
    };
  });
}

/** One clip instead of several equal ones: the mean of equal embeddings is the embedding. */
export function distinct(clips: readonly Clip[]): Clip[] {
  const [first] = clips;
  return first !== undefined && clips.every(({ start, end }) => start === first.start && end === first.end)
    ? [first]
    : [...clips];
}

/** The exact value of a double. */
function exact(value: number): Rational {
  let numerator = value;
  let denominator = 1n;
  while (!Number.isInteger(numerator)) {
    numerator *= 2;
    denominator *= 2n;
  }
  return { numerator: BigInt(numerator), denominator };
}

function sum(a: Rational, b: Rational): Rational {
  return {
    numerator: a.numerator * b.denominator + b.numerator * a.denominator,
    denominator: a.denominator * b.denominator,
  };
}

function floorProduct({ numerator, denominator }: Rational, factor: number): number {
  return Number((numerator * BigInt(factor)) / denominator);
}
