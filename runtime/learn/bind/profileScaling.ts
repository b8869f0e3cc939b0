import type { ProfileSpec } from '../../../models/bundle/manifest';
import { SensebindError } from '../../errors';
import type { ProfileInput } from '../../preprocess/input';
import { checkLinear } from '../../preprocess/profile';

/** More say nothing new about a mean. */
const LOOKED_AT = 512;
/** Below it a strength is taken for the noise of the sensor. */
const FLOOR_QUANTILE = 0.1;
/** Shares of the largest strength: a floor of zero has no logarithm, a flat profile no deviation. */
const LEAST_FLOOR = 1e-6;
const LEAST_DEVIATION = 1e-6;

/**
 * The constants that bring the logarithms of these profiles to mean 0 and deviation 1.
 *
 * @throws {SensebindError} `INPUT_INVALID` for profiles of different sizes, in decibels, or constant.
 */
export function profileSpecOf(profiles: readonly ProfileInput[]): ProfileSpec {
  const [first] = profiles;
  const sizes = new Set(profiles.map(({ strengths, binMetres }) => `${strengths.length} bins of ${binMetres} m`));
  if (first === undefined || sizes.size !== 1) {
    throw new SensebindError(
      'INPUT_INVALID',
      `Expected profiles of one size, found ${[...sizes].slice(0, 3).join(' and ') || 'none'}`,
      'Record with one setting of the sensor.',
    );
  }
  const step = Math.max(1, Math.floor(profiles.length / LOOKED_AT));
  const seen = profiles.filter((_, index) => index % step === 0).map(({ strengths }) => strengths);
  seen.forEach(checkLinear);
  const sorted = Float64Array.from(seen.flatMap((strengths) => [...strengths])).sort();
  const largest = sorted.at(-1) ?? 0;
  const floor = Math.max(sorted[Math.floor(sorted.length * FLOOR_QUANTILE)] ?? 0, largest * LEAST_FLOOR);
  const logarithms = sorted.map((strength) => Math.log(strength + floor));
  const mean = logarithms.reduce((sum, value) => sum + value, 0) / logarithms.length;
  const deviation = Math.sqrt(logarithms.reduce((sum, value) => sum + (value - mean) ** 2, 0) / logarithms.length);
  if (!(floor > 0 && deviation > LEAST_DEVIATION)) throw constantReadings('the new sensor');
  return { kind: 'profile', bins: first.strengths.length, binMetres: first.binMetres, floor, mean, deviation };
}

/** For a sensor that says the same all the time. */
export function constantReadings(side: string): SensebindError {
  return new SensebindError(
    'INPUT_INVALID',
    `Expected readings of ${side} that differ, found the same all the time`,
    'Look whether it is covered, muted or frozen (sensebind devices watch), and record again while something happens.',
  );
}
