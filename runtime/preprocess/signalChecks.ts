import { SensebindError } from '../errors';

/** Signals of one recording: what they are called in messages, and the most that is taken. */
export interface SignalLimits {
  /** As in "Expected sound with …". */
  readonly name: string;
  readonly maxSamples: number;
}

/**
 * Checks that planar signals have one length, within the limit, and hold numbers only. Returns the length.
 *
 * @throws {SensebindError} `INPUT_INVALID`, `INPUT_TOO_LARGE`, `INPUT_NOT_FINITE`.
 */
export function checkSignals(signals: readonly Float32Array[], { name, maxSamples }: SignalLimits): number {
  const lengths = [...new Set(signals.map(({ length }) => length))];
  const [length] = lengths;
  if (length === undefined || lengths.length > 1) {
    throw new SensebindError(
      'INPUT_INVALID',
      `Expected ${name} with channels of one length, found ${length === undefined ? 'no channel' : `lengths ${lengths.join(', ')}`}`,
      'Pass one array a channel, all covering the same time.',
    );
  }
  if (length > maxSamples) {
    throw new SensebindError(
      'INPUT_TOO_LARGE',
      `Expected ${name} with at most ${maxSamples} samples, found ${length}`,
      'Cut it into shorter pieces.',
    );
  }
  for (const [index, signal] of signals.entries()) checkFinite(signal, `channel ${index} of ${name}`);
  return length;
}

/** @throws {SensebindError} `INPUT_NOT_FINITE` when a value is NaN or infinite. */
export function checkFinite(values: Float32Array | Float64Array, name: string): void {
  // Zero times anything finite is zero: one addition a value, and no branch until something is wrong.
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += (values[index] ?? 0) * 0;
  if (sum === 0) return;
  const first = values.findIndex((value) => !Number.isFinite(value));
  throw new SensebindError(
    'INPUT_NOT_FINITE',
    `Expected ${name} to hold finite numbers, found ${values[first]} at ${first}`,
    'Check the sensor and the conversion that these values come from.',
  );
}
