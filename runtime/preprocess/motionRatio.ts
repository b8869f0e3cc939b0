import { SensebindError } from '../errors';
import type { ResampleRatio } from './resampleKernel';

/** From slow loggers to vibration sensors. */
const MIN_RATE_HZ = 1;
const MAX_RATE_HZ = 32_000;

/** 2 MiB of filter weights a rate: enough for every whole rate into 400 Hz exactly. */
const MAX_WEIGHTS = 2 ** 19;
/** Weights of one filter phase for a rate that is brought up; as many times more for one that is brought down. */
const WEIGHTS_PER_PHASE = 13;

/**
 * The ratio of two rates in whole numbers, as the windowed-sinc formula needs it. Exact for the rates that sensors are
 * set to; for measured ones such as 104.17 Hz the nearest fraction whose filter stays small. That is off by a
 * twentieth of a sample at the end of 2000 at worst.
 *
 * @throws {SensebindError} `INPUT_UNSUPPORTED` for rates outside 1 Hz … 32 kHz.
 */
export function motionRatio(inputRateHz: number, outputRateHz: number): ResampleRatio {
  checkMotionRate(inputRateHz);
  checkMotionRate(outputRateHz);
  const ratio = inputRateHz / outputRateHz;
  return nearestFraction(ratio, Math.floor(MAX_WEIGHTS / (WEIGHTS_PER_PHASE * Math.max(1, ratio))));
}

/** @throws {SensebindError} `INPUT_UNSUPPORTED` for rates outside 1 Hz … 32 kHz. */
export function checkMotionRate(rateHz: number): void {
  if (rateHz >= MIN_RATE_HZ && rateHz <= MAX_RATE_HZ) return;
  throw new SensebindError(
    'INPUT_UNSUPPORTED',
    `Expected a motion rate of ${MIN_RATE_HZ} to ${MAX_RATE_HZ} Hz, found ${rateHz}`,
    'Give the rate at which the sensor delivers samples, or times in microseconds.',
  );
}

/** The last convergent of the continued fraction whose denominator stays within the limit. */
function nearestFraction(value: number, maxDenominator: number): ResampleRatio {
  let before = { input: 1, output: 0 };
  let current = { input: Math.floor(value), output: 1 };
  let rest = value - current.input;
  // A rest of rounding noise would add a convergent that means nothing.
  while (rest > 1e-9) {
    const whole = Math.floor(1 / rest);
    const next = { input: whole * current.input + before.input, output: whole * current.output + before.output };
    if (next.output > maxDenominator) break;
    before = current;
    current = next;
    rest = 1 / rest - whole;
  }
  return current;
}
