import { Random } from '../../devices/simulated/random';
import type { Sensor } from '../../devices/simulated/sensor';

/** Eight sources: one of each sensor that the shipped bundle knows, and three again. */
export const EIGHT_SOURCES: Readonly<Record<string, Sensor>> = {
  cam0: 'vision',
  depth0: 'depth',
  heat0: 'thermal',
  mic0: 'audio',
  imu0: 'imu',
  heat1: 'thermal',
  mic1: 'audio',
  imu1: 'imu',
};

/**
 * When the eight sources begin. `apart`: each at a moment of its own, as devices do, which start when they are ready and
 * count by their own crystals; drawn, so that some come close to others. `together`: all at one instant, so that windows
 * come in bursts of up to four and each waits for those before it: the worst case.
 */
export type Phases = 'apart' | 'together';

const SEED = 1;

/** How long after the first instant each of them begins: milliseconds below 1,000. */
export function beginningsMillis(phases: Phases): ReadonlyMap<string, number> {
  const random = new Random(SEED);
  return new Map(
    Object.keys(EIGHT_SOURCES).map((source) => [source, phases === 'together' ? 0 : random.between(0, 1000)]),
  );
}
