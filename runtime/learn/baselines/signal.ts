import { SensebindError } from '../../errors';
import type { EncoderInput } from '../../preprocess/input';

/**
 * The raw values of a reading, a list a channel: colours, axes, or one.
 *
 * @throws {SensebindError} `INPUT_UNSUPPORTED` for text, whole files and display pictures, which no sensor of the
 * simulated world gives.
 */
export function channelsOf(reading: EncoderInput): readonly ArrayLike<number>[] {
  switch (reading.kind) {
    case 'picture':
      return reading.frames.flatMap(({ rgb }) => COLOURS.map((colour) => every(rgb, COLOURS.length, colour)));
    case 'depth':
      return [reading.metres];
    case 'thermal':
      return [reading.kelvin];
    case 'sound':
      return reading.channels;
    case 'motion':
      return reading.axes;
    case 'profile':
      return [reading.strengths];
    case 'tensor':
      return [reading.data];
    default:
      throw new SensebindError(
        'INPUT_UNSUPPORTED',
        `Expected the reading of a simulated sensor, found a "${reading.kind}"`,
        'Take readings of the simulated world.',
      );
  }
}

const COLOURS = [0, 1, 2] as const;

function every(values: Uint8Array, step: number, first: number): Float64Array {
  return Float64Array.from({ length: values.length / step }, (_, at) => values[step * at + first] ?? 0);
}

/** Mean and deviation of each channel: what gives a class away without any look at its form. */
export function meanAndDeviation(channels: readonly ArrayLike<number>[]): number[] {
  return channels.flatMap((values) => {
    let sum = 0;
    let squares = 0;
    for (let index = 0; index < values.length; index++) {
      const value = values[index] ?? 0;
      sum += value;
      squares += value ** 2;
    }
    const mean = sum / values.length;
    return [mean, Math.sqrt(Math.max(0, squares / values.length - mean ** 2))];
  });
}
