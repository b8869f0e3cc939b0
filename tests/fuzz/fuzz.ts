import { isSensebindError } from '../../runtime/errors';
import { mutate, randomOf } from './mutate';
import type { FuzzTarget } from './target';

/** No input of a few kilobytes may keep a reader busy for longer. */
const MAX_CASE_MILLIS = 5_000;

export interface FuzzReport {
  readonly cases: number;
  readonly failure?: { readonly input: Uint8Array; readonly error: unknown };
}

/**
 * Runs a target on mutated seeds, while `goOn` says so or until a case fails. Case n of a seed is always the same,
 * however long the run is.
 */
export async function fuzz(
  target: FuzzTarget,
  { seed, goOn }: { readonly seed: number; readonly goOn: (cases: number) => boolean },
): Promise<FuzzReport> {
  const seeds = await target.seeds();
  let cases = 0;
  for (; goOn(cases); cases++) {
    const input = mutate(seeds, randomOf(seed * 1_000_003 + cases));
    const started = performance.now();
    try {
      // A reader that changes its input must not hide what it was given.
      await target.run(Uint8Array.from(input));
    } catch (error) {
      if (!isSensebindError(error)) return { cases, failure: { input, error } };
    }
    const millis = performance.now() - started;
    if (millis > MAX_CASE_MILLIS) return { cases, failure: { input, error: new Error(`took ${millis.toFixed()} ms`) } };
  }
  return { cases };
}
