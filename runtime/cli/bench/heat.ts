import path from 'node:path';
import { listMatching, readLine, readWhole } from './sysfs';

/** How hot the machine is, and what that costs it. */
export interface Heat {
  /** The hottest zone; `null` where none tells. */
  readonly hottest: { readonly zone: string; readonly celsius: number } | null;
  /** Zones that have reached the temperature from which the kernel slows the machine down. */
  readonly slowing: readonly string[];
  /** How often the cores of an x86 processor have slowed down for heat since they were started. */
  readonly throttled: number;
}

/** No machine runs beyond; some zones tell nonsense while their part sleeps. */
const MOST_CELSIUS = 150;

/** Reads thermal zones and counters, as Documentation/driver-api/thermal/sysfs-api.rst of the kernel tells. */
export async function readHeat(sys = '/sys'): Promise<Heat> {
  const folder = path.join(sys, 'class', 'thermal');
  const zones: { readonly zone: string; readonly celsius: number; readonly isSlowing: boolean }[] = [];
  for (const name of await listMatching(folder, /^thermal_zone\d+$/)) {
    const zone = (await readLine(folder, name, 'type')) ?? name;
    const milliCelsius = await readWhole(folder, name, 'temp');
    if (milliCelsius === undefined || milliCelsius > 1000 * MOST_CELSIUS) continue;
    zones.push({
      zone,
      celsius: milliCelsius / 1000,
      isSlowing: await isPassive(path.join(folder, name), milliCelsius),
    });
  }
  const [hottest] = zones.toSorted((left, right) => right.celsius - left.celsius);
  return {
    hottest: hottest === undefined ? null : { zone: hottest.zone, celsius: hottest.celsius },
    slowing: zones.filter(({ isSlowing }) => isSlowing).map(({ zone }) => zone),
    throttled: await throttleCount(path.join(sys, 'devices', 'system', 'cpu')),
  };
}

async function isPassive(zone: string, milliCelsius: number): Promise<boolean> {
  for (const file of await listMatching(zone, /^trip_point_\d+_type$/)) {
    if ((await readLine(zone, file)) !== 'passive') continue;
    const limit = await readWhole(zone, file.replace('_type', '_temp'));
    if (limit !== undefined && limit > 0 && milliCelsius >= limit) return true;
  }
  return false;
}

async function throttleCount(cores: string): Promise<number> {
  let count = 0;
  for (const core of await listMatching(cores, /^cpu\d+$/)) {
    count += (await readWhole(cores, core, 'thermal_throttle', 'core_throttle_count')) ?? 0;
  }
  return count;
}

/** What a person should know of the heat of a run, in words; nothing where it was no matter. */
export function heatNotes(before: Heat, after: Heat): readonly string[] {
  const slowing = [...new Set([...before.slowing, ...after.slowing])];
  const throttled = after.throttled - before.throttled;
  return [
    ...(slowing.length === 0 ? [] : [`slowed down by heat: ${slowing.join(', ')} reached the limit of its zone`]),
    ...(throttled <= 0 ? [] : [`slowed down by heat: the processor throttled ${throttled} times`]),
  ];
}
