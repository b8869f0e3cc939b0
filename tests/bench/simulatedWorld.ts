import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { simulatedDevices } from '../../devices/simulated/devices';
import { drawScene } from '../../devices/simulated/drawScene';
import { renderExample } from '../../devices/simulated/example';
import { type Millis, systemClock } from '../../runtime/clock';
import { SupervisedSource } from '../../runtime/source';
import { deviceContext } from '../support/deviceContext';
import type { Figure } from './measure';

const FEWEST_SCENES_PER_SECOND = 40;
const WARM_UP = 60;
const SCENES = 240;

/** Whole scenes (six sensors, training size) that one core makes in a second of processor time. */
export function benchScenes(): Figure {
  for (let seed = 0; seed < WARM_UP; seed++) renderExample(drawScene(seed));
  // Processor time, not wall time: what else the machine does must not count.
  const before = process.cpuUsage();
  for (let seed = 0; seed < SCENES; seed++) renderExample(drawScene(10_000 + seed));
  const { user, system } = process.cpuUsage(before);
  const scenesPerSecond = SCENES / ((user + system) / 1e6);
  return {
    name: 'simulated scenes, all sensors, training size',
    measured: `${scenesPerSecond.toFixed(0)} scenes/s a core`,
    budget: `≥ ${FEWEST_SCENES_PER_SECOND} scenes/s a core`,
    holds: scenesPerSecond >= FEWEST_SCENES_PER_SECOND,
    details: { scenesPerSecond, scenes: SCENES },
  };
}

const LARGEST_P99_MILLIS = 10;

/** How long the event loop is held up while one simulated source of each kind streams at its usual size and rate. */
export async function benchSimulatedStreams({
  folder,
  seconds,
}: {
  readonly folder: string;
  readonly seconds: number;
}): Promise<Figure> {
  const scratch = await mkdtemp(path.join(folder, 'simulated-'));
  const context = deviceContext({ folder: scratch });
  let readings = 0;
  let lost = 0;
  const sources = simulatedDevices.map(({ kind, open }) => {
    const driver = open({ kind, seed: 3 }, { ...context, source: kind });
    return new SupervisedSource(kind, driver, { clock: systemClock });
  });
  const before = process.cpuUsage();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  for (const source of sources) {
    source.start({
      reading: () => {
        readings++;
      },
      lost: (_, amount) => {
        lost += amount;
      },
      interrupted: () => undefined,
      status: () => undefined,
      ended: () => undefined,
    });
  }
  await new Promise<void>((resolve) => systemClock.setTimer((1000 * seconds) as Millis, resolve));
  delay.disable();
  await Promise.all(sources.map((source) => source.close()));
  const { user, system } = process.cpuUsage(before);
  await rm(scratch, { recursive: true });
  const p99 = delay.percentile(99) / 1e6;
  const share = (user + system) / 1e6 / seconds;
  return {
    name: 'event-loop delay, all simulated sources',
    measured: `p99 ${p99.toFixed(1)} ms (${(100 * share).toFixed(0)} % of a core, ${lost} lost)`,
    budget: `p99 < ${LARGEST_P99_MILLIS} ms`,
    holds: p99 < LARGEST_P99_MILLIS && lost === 0 && readings > 0,
    details: { p99, max: delay.max / 1e6, coreShare: share, readings, lost, seconds },
  };
}
