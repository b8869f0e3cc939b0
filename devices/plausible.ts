import { SensebindError } from '../runtime/errors';

/** Values of a picture that the median is taken of: a wrong unit shows in any of them, and sorting all takes too long. */
const LOOKED_AT = 4096;

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
  const present: number[] = [];
  // Odd, so that they do not all stand in the same few columns.
  const step = Math.floor(values.length / LOOKED_AT) | 1;
  for (let index = 0; index < values.length; index += step) {
    const value = values[index] ?? 0;
    if (value > 0) present.push(value);
  }
  const median = Float32Array.from(present).sort()[present.length >> 1];
  if (median === undefined || (median >= expected.minimum && median <= expected.maximum)) return;
  throw new SensebindError(
    'INPUT_INVALID',
    `Expected ${expected.what} between ${expected.minimum} and ${expected.maximum}, found a median of ${Number(median.toPrecision(4))}`,
    expected.cure,
  );
}
