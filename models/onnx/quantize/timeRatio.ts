import { type EncoderItem, GraphSession } from './graphSession';

/** How much faster one model is than another. */
export interface TimeRatio {
  /** Median time of the first model over that of the second. */
  readonly ratio: number;
  /** False where both ran on weights that were not packed for the machine, to spare memory: the engine is faster. */
  readonly asInEngine: boolean;
}

export interface TimingOptions {
  readonly item: EncoderItem;
  readonly threads: number;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  readonly signal?: AbortSignal | undefined;
}

/** Weights up to this are packed, which takes as much memory again: half of what a conversion may hold. */
const MOST_PACKED_BYTES = 750e6;
const LEAST_ROUNDS = 7;
const MOST_ROUNDS = 151;
/** Encoders of less than a millisecond need many rounds to be told apart. */
const LEAST_MILLIS = 150;

/** Runs two models in turn, so that a machine that slows down does so for both; the first round does not count. */
export async function timeRatio(
  before: { readonly modelPath: string; readonly weightsBytes: number },
  after: { readonly modelPath: string },
  { item, threads, now, signal }: TimingOptions,
): Promise<TimeRatio> {
  const asInEngine = before.weightsBytes <= MOST_PACKED_BYTES;
  const options = { threads, weights: asInEngine ? 'packed' : 'mapped' } as const;
  const sessions: GraphSession[] = [];
  const millis: number[][] = [[], []];
  try {
    for (const { modelPath } of [before, after]) sessions.push(await GraphSession.ofFile(modelPath, options));
    const begin = now();
    for (let round = 0; round <= MOST_ROUNDS; round++) {
      if (round > LEAST_ROUNDS && now() - begin > LEAST_MILLIS) break;
      signal?.throwIfAborted();
      for (const [index, session] of sessions.entries()) {
        const start = now();
        await session.embed(item);
        if (round > 0) millis[index]?.push(now() - start);
      }
    }
  } finally {
    for (const session of sessions) await session.release();
  }
  const [first = [], second = []] = millis;
  return { ratio: median(first) / median(second), asInEngine };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
