import { SensebindError } from '../runtime/errors';

/**
 * Refuses values whose median no sensor of this kind gives: nearly always a wrong unit, which would otherwise become a
 * confident embedding of nonsense (design.md rule 4).
 *
 * @param values - In SI units. Those that are not positive are taken as missing; all missing is left to the caller.
 * @throws {SensebindError} `INPUT_INVALID`.
 */
export function requirePlausibleMedian(
  values: Float32Array,
  expected: { readonly what: string; readonly minimum: number; readonly maximum: number; readonly cure: string },
): void {
  const present = values.filter((value) => value > 0).sort();
  const median = present[present.length >> 1];
  if (median === undefined || (median >= expected.minimum && median <= expected.maximum)) return;
  throw new SensebindError(
    'INPUT_INVALID',
    `Expected ${expected.what} between ${expected.minimum} and ${expected.maximum}, found a median of ${Number(median.toPrecision(4))}`,
    expected.cure,
  );
}
