import path from 'node:path';
import { listMatching, readLine, readWhole } from './sysfs';

/** Something whose energy the machine reports. */
export interface Rail {
  /** As the machine names it: `VDD_IN`, `package-0`. */
  readonly name: string;
  readonly read: () => Promise<RailReading | undefined>;
}

export type RailReading =
  /** Now. */
  | { readonly kind: 'power'; readonly watts: number }
  /** Since some time; begins again at 0 after `wrapJoules`. */
  | { readonly kind: 'counter'; readonly joules: number; readonly wrapJoules: number };

export interface Rails {
  readonly rails: readonly Rail[];
  /** Where they come from, or why there are none. */
  readonly source: string;
}

const NOT_REPORTED = 'not reported by this machine';

/** A rail of a small board takes some watts, a server some hundred: what says more is misread. */
const MOST_WATTS = 10_000;

/** What this machine says of its power: the sensors of a Jetson, or the counters of an Intel or AMD processor. */
export async function findRails(sys = '/sys'): Promise<Rails> {
  const sensors = await ina3221(sys);
  if (sensors.length > 0) return { rails: sensors, source: 'INA3221 sensors of the board' };
  return rapl(sys);
}

/**
 * Channels of INA3221 sensors: `in<n>_label`, `in<n>_input` in millivolts and `curr<n>_input` in milliamperes, as
 * Documentation/hwmon/ina3221.rst of the kernel and the developer guide of Jetson Linux ("Power monitors") tell. Labelled
 * entries without a current are shunts and sums. Written from those documents, not run on a Jetson yet.
 */
async function ina3221(sys: string): Promise<readonly Rail[]> {
  const drivers = path.join(sys, 'bus', 'i2c', 'drivers');
  const rails: Rail[] = [];
  for (const driver of await listMatching(drivers, /^ina3221/)) {
    for (const device of await listMatching(path.join(drivers, driver), /^\d+-[0-9a-f]{4}$/)) {
      const monitors = path.join(drivers, driver, device, 'hwmon');
      for (const monitor of await listMatching(monitors, /^hwmon\d+$/)) {
        rails.push(...(await channelsOf(path.join(monitors, monitor))));
      }
    }
  }
  return rails;
}

async function channelsOf(monitor: string): Promise<readonly Rail[]> {
  const rails: Rail[] = [];
  for (const file of await listMatching(monitor, /^in[1-9]_label$/)) {
    const channel = file.slice('in'.length, file.indexOf('_'));
    const name = await readLine(monitor, file);
    const read = async (): Promise<RailReading | undefined> => {
      const millivolts = await readWhole(monitor, `in${channel}_input`);
      const milliamperes = await readWhole(monitor, `curr${channel}_input`);
      if (millivolts === undefined || milliamperes === undefined) return undefined;
      const watts = (millivolts * milliamperes) / 1e6;
      return watts <= MOST_WATTS ? { kind: 'power', watts } : undefined;
    };
    // A channel without anything behind it is called NC.
    if (name !== undefined && isName(name) && name !== 'NC' && (await read()) !== undefined) rails.push({ name, read });
  }
  return rails;
}

/** Whole packages, without the parts that they already hold: Documentation/power/powercap/powercap.rst of the kernel. */
async function rapl(sys: string): Promise<Rails> {
  const zones = path.join(sys, 'class', 'powercap');
  const rails: Rail[] = [];
  let isForbidden = false;
  for (const zone of await listMatching(zones, /^intel-rapl:\d+$/)) {
    const name = await readLine(zones, zone, 'name');
    const wrapMicrojoules = await readWhole(zones, zone, 'max_energy_range_uj');
    if (name === undefined || !isName(name) || wrapMicrojoules === undefined) continue;
    const read = async (): Promise<RailReading | undefined> => {
      const microjoules = await readWhole(zones, zone, 'energy_uj');
      if (microjoules === undefined) return undefined;
      return { kind: 'counter', joules: microjoules / 1e6, wrapJoules: wrapMicrojoules / 1e6 };
    };
    if ((await read()) === undefined) isForbidden = true;
    else rails.push({ name, read });
  }
  if (rails.length > 0) return { rails, source: 'RAPL counters of the processor' };
  return {
    rails,
    source: isForbidden ? 'not reported: only root may read energy_uj in /sys/class/powercap' : NOT_REPORTED,
  };
}

/** Names go into tables. */
function isName(text: string): boolean {
  return /^[\w.+ -]{1,32}$/.test(text);
}
