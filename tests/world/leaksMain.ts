import { imperceptibleTo } from '../../devices/simulated/events/catalogue';
import { SENSORS } from '../../devices/simulated/sensor';
import { leaksOf } from './leaks';

const MOST_TRIVIAL = 0.35;
const MOST_OVER_CHANCE = 0.05;
const TEST_SCENES = 1000;

/**
 * Whether the simulated world gives its events away, or shows a sensor what it cannot perceive. Prints a table.
 *
 * @returns Whether every figure is within its limit.
 */
export function leaksMain(): boolean {
  let holds = true;
  console.log('sensor   trivial (≤ 35 %)  perceivable, chance   imperceptible, chance (± 5 points)  scenes');
  for (const sensor of SENSORS) {
    const perEvent = Math.ceil(TEST_SCENES / imperceptibleTo(sensor).length);
    const figures = leaksOf(sensor, {
      all: { train: 60, test: 42 },
      imperceptible: { train: perEvent, test: perEvent },
    });
    const { trivial, perceivable, imperceptible } = figures;
    const isFine =
      trivial <= MOST_TRIVIAL && Math.abs(imperceptible.share - 1 / imperceptible.events) <= MOST_OVER_CHANCE;
    holds &&= isFine;
    const percent = (share: number): string => `${(100 * share).toFixed(1)} %`.padStart(7);
    console.log(
      [
        sensor.padEnd(8),
        percent(trivial).padEnd(17),
        `${percent(perceivable.share)} of ${String(perceivable.events).padEnd(2)} ${percent(1 / perceivable.events)}`,
        `   ${percent(imperceptible.share)} of ${String(imperceptible.events).padEnd(2)} ${percent(1 / imperceptible.events)}`,
        `           ${imperceptible.scenes}`,
        isFine ? 'ok' : 'MISS',
      ].join(' '),
    );
  }
  return holds;
}
