import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

const ZONES = '/sys/class/thermal';

/**
 * Temperature of the graphics processor in °C, where the kernel tells one: on Jetson, in the thermal zone `gpu-thermal`.
 * `null` where there is none, or where it sleeps.
 */
export async function gpuCelsius(folder: string = ZONES): Promise<number | null> {
  const zones = (await readdir(folder).catch((): string[] => [])).filter((name) => name.startsWith('thermal_zone'));
  for (const zone of zones.sort()) {
    const [type, temperature] = await Promise.all(
      ['type', 'temp'].map((file) => readFile(path.join(folder, zone, file), 'utf8').catch(() => '')),
    );
    const milliCelsius = Number.parseInt(temperature ?? '', 10);
    if (/gpu/i.test(type ?? '') && Number.isFinite(milliCelsius)) return milliCelsius / 1000;
  }
  return null;
}
