/**
 * Functions whose last bit ECMAScript leaves to the engine, made of additions, multiplications and square roots, which
 * IEEE 754 fixes: so a scene has the same bytes on every machine and under every version of Node.
 */

export const TURN = 2 * Math.PI;

/** Sine of an angle in turns; wrong by 1e-7 at most. */
export function sine(turns: number): number {
  let part = turns - Math.floor(turns + 0.5);
  if (part > 0.25) part = 0.5 - part;
  else if (part < -0.25) part = -0.5 - part;
  const angle = TURN * part;
  const square = angle * angle;
  return (
    angle * (1 - (square / 6) * (1 - (square / 20) * (1 - (square / 42) * (1 - (square / 72) * (1 - square / 110)))))
  );
}

/** Cosine of an angle in turns. */
export function cosine(turns: number): number {
  return sine(turns + 0.25);
}

const LARGEST_POWER = 100;
const powersOfTwo = Float64Array.from({ length: 2 * LARGEST_POWER + 1 }, (_, index) => {
  let power = 1;
  for (let step = LARGEST_POWER; step < index; step++) power *= 2;
  for (let step = index; step < LARGEST_POWER; step++) power /= 2;
  return power;
});

/** e^x within ±69; 0 below, and never more than e^69. */
export function exponential(x: number): number {
  if (x < -69) return 0;
  const power = Math.floor(Math.min(x, 69) * Math.LOG2E + 0.5);
  const rest = Math.min(x, 69) - power * Math.LN2;
  let sum = 1;
  for (let order = 10; order > 0; order--) sum = 1 + (rest * sum) / order;
  return sum * (powersOfTwo[power + LARGEST_POWER] ?? 0);
}

/** The factor that a number of decibels stands for, of an amplitude. */
export function fromDecibels(decibels: number): number {
  return exponential((decibels * Math.LN10) / 20);
}

/** `value`, but within the two bounds. */
export function clamp(value: number, low: number, high: number): number {
  return value < low ? low : value > high ? high : value;
}

/** 0 below `from`, 1 above `to`, a straight line between. */
export function ramp(value: number, from: number, to: number): number {
  return clamp((value - from) / (to - from), 0, 1);
}
