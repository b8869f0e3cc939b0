const round = Math.fround;

/** SLEEF's polynomial for sin(x)/x − 1 in x², lowest order last. */
const POLYNOMIAL = [2.608316e-6, -0.00019810691, 0.008333079].map(round);
const LOWEST = round(-0.1666666);

const PER_PI = round(1 / Math.PI);

/**
 * Sine of a float32 angle of a few turns, as PyTorch computes it on a CPU (SLEEF's `sinf_u10`): right to one unit in the
 * last place, and wrong where the reference is. Windows and filters made with exact values put bins next to silence
 * further from the reference than all other steps together.
 */
export function sine(angle: number): number {
  const halfTurns = roundHalfEven(round(angle * PER_PI));
  const value = sineNearZero(angle - halfTurns * Math.PI);
  return halfTurns % 2 === 0 ? value : -value;
}

/** {@link sine} for the cosine (`cosf_u10`). */
export function cosine(angle: number): number {
  const halfTurns = roundHalfEven(round(round(angle * PER_PI) - 0.5));
  const value = sineNearZero(angle - (halfTurns + 0.5) * Math.PI);
  return halfTurns % 2 === 0 ? -value : value;
}

function sineNearZero(angle: number): number {
  const rounded = round(angle);
  const square = round(rounded * rounded);
  const series = POLYNOMIAL.reduce((sum, term) => round(sum * square + term), 0);
  return round(angle * (1 + (LOWEST + round(series * square)) * (angle * angle)));
}

function roundHalfEven(value: number): number {
  const nearest = Math.round(value);
  return nearest - value === 0.5 && nearest % 2 !== 0 ? nearest - 1 : nearest;
}
