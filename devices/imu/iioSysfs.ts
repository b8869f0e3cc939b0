import { readdir, readFile, realpath, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, SensebindError } from '../../runtime/errors';
import type { DeviceRoots } from '../ports/ports';
import { layOut, parseScanType, type ScanChannel, type ScanLayout } from './iioScan';

/** A motion sensor of the kernel's Industrial I/O subsystem, as sysfs shows it. */
export interface IioDevice {
  /** Name that the driver gives: mpu6050, bmi160, accel_3d … */
  readonly name: string;
  /** What it is connected to: bus and address (1-0068), which stay while numbers change. */
  readonly place: string;
  /** Folder in sysfs. */
  readonly folder: string;
  /** Character device that the samples come from. */
  readonly node: string;
}

/** One physical axis: (raw + offset) · scale. */
export interface AxisScale {
  readonly scale: number;
  readonly offset: number;
}

/** What a device was set to, read back from it. */
export interface IioSettings {
  readonly layout: ScanLayout;
  readonly scales: Readonly<Record<string, AxisScale>>;
  /** Row-major, 3 × 3: how the chip is mounted. */
  readonly mounting: readonly number[];
  readonly rateHz: number | undefined;
  /** Time stamps of the monotonic clock; other clocks may jump. */
  readonly isMonotonic: boolean;
}

export const ACCELERATION = ['in_accel_x', 'in_accel_y', 'in_accel_z'] as const;
export const ANGULAR_VELOCITY = ['in_anglvel_x', 'in_anglvel_y', 'in_anglvel_z'] as const;
export const TIMESTAMP = 'in_timestamp';

const WANTED: ReadonlySet<string> = new Set([...ACCELERATION, ...ANGULAR_VELOCITY, TIMESTAMP]);
const UPRIGHT: readonly number[] = [1, 0, 0, 0, 1, 0, 0, 0, 1];

/** Samples that the kernel keeps while nobody reads. */
const BUFFER_SAMPLES = 256;

/** Devices with an accelerometer. */
export async function findIioDevices({ sys, dev }: DeviceRoots): Promise<readonly IioDevice[]> {
  const root = path.join(sys, 'bus', 'iio', 'devices');
  const names = (await listed(root)).filter((name) => /^iio:device\d+$/.test(name)).sort();
  const devices = names.map(async (node) => {
    const folder = path.join(root, node);
    const files = await listed(folder);
    const name = (await optional(path.join(folder, 'name'))) ?? node;
    if (!files.includes('in_accel_x_raw')) return undefined;
    // The folder is a link into the tree of hardware, where it stands below the chip.
    const place = path.basename(path.dirname(await realpath(folder).catch(() => folder)));
    return { name, place, folder, node: path.join(dev, node) };
  });
  return (await Promise.all(devices)).filter((device) => device !== undefined);
}

/**
 * Switches the buffer on, with the channels of motion and time and nothing else, at a rate where one is asked for; the
 * order is the kernel's (reference/devices.md §2).
 *
 * @throws {SensebindError} `DEVICE_FAILED` when sysfs cannot be written or another program holds the buffer.
 */
export async function startBuffer(device: IioDevice, wishes: { readonly rateHz?: number }): Promise<IioSettings> {
  const { folder } = device;
  const write = (file: string, value: string): Promise<void> => writeSetting(path.join(folder, file), value);
  await write('buffer/enable', '0');
  await write('current_timestamp_clock', 'monotonic').catch(() => undefined);
  const rateFiles = await rateFilesOf(folder);
  if (wishes.rateHz !== undefined) for (const file of rateFiles) await write(file, String(wishes.rateHz));
  const rateHz = await commonRate(folder, rateFiles);
  const layout = await enableChannels(folder);
  await setTrigger(device);
  await write('buffer/length', String(BUFFER_SAMPLES));
  await write('buffer/watermark', '1').catch(() => undefined);
  await write('buffer/enable', '1');
  return {
    layout,
    scales: await scalesOf(folder),
    mounting: await mountingOf(folder),
    rateHz,
    isMonotonic: (await optional(path.join(folder, 'current_timestamp_clock'))) === 'monotonic',
  };
}

/** Leaves the buffer to others. Never rejects: the device may be gone. */
export async function stopBuffer({ folder }: IioDevice): Promise<void> {
  await writeSetting(path.join(folder, 'buffer', 'enable'), '0').catch(() => undefined);
}

async function enableChannels(folder: string): Promise<ScanLayout> {
  const scan = path.join(folder, 'scan_elements');
  const files = await listed(scan);
  const names = files.filter((file) => file.endsWith('_en')).map((file) => file.slice(0, -'_en'.length));
  const channels: (ScanChannel & { readonly index: number })[] = [];
  for (const name of names) {
    const isWanted = WANTED.has(name);
    await writeSetting(path.join(scan, `${name}_en`), isWanted ? '1' : '0');
    if (!isWanted) continue;
    const index = numberOf(await optional(path.join(scan, `${name}_index`))) ?? 0;
    channels.push({ name, index, type: parseScanType((await optional(path.join(scan, `${name}_type`))) ?? '') });
  }
  const missing = ACCELERATION.filter((axis) => !channels.some(({ name }) => name === axis));
  if (missing.length > 0) {
    throw new SensebindError(
      'DEVICE_FAILED',
      `expected a buffer with three axes of acceleration in ${folder}, found none of ${missing.join(', ')}`,
      'the kernel driver of this sensor has no buffer for them: update the kernel',
    );
  }
  return layOut(channels.toSorted((left, right) => left.index - right.index));
}

/** A sensor with an interrupt line has a trigger of its own; one with a queue needs none. */
async function setTrigger({ folder, name }: IioDevice): Promise<void> {
  const file = path.join(folder, 'trigger', 'current_trigger');
  const current = await optional(file);
  if (current === undefined || current !== '') return;
  const number = /iio:device(\d+)$/.exec(folder)?.[1] ?? '0';
  await writeSetting(file, `${name}-dev${number}`).catch(() => writeSetting(file, `${name}-trigger`));
}

async function scalesOf(folder: string): Promise<Readonly<Record<string, AxisScale>>> {
  const scales: Record<string, AxisScale> = {};
  for (const axis of [...ACCELERATION, ...ANGULAR_VELOCITY]) {
    const shared = axis.replace(/_[xyz]$/, '');
    const read = async (what: string): Promise<number | undefined> =>
      numberOf(await optional(path.join(folder, `${axis}_${what}`))) ??
      numberOf(await optional(path.join(folder, `${shared}_${what}`)));
    scales[axis] = { scale: (await read('scale')) ?? 1, offset: (await read('offset')) ?? 0 };
  }
  return scales;
}

async function mountingOf(folder: string): Promise<readonly number[]> {
  for (const file of ['in_accel_mount_matrix', 'in_mount_matrix', 'mount_matrix']) {
    const numbers = (await optional(path.join(folder, file)))?.split(/[,;\s]+/).filter((text) => text !== '');
    const matrix = numbers?.map(Number);
    if (matrix?.length === 9 && matrix.every(Number.isFinite)) return matrix;
  }
  return UPRIGHT;
}

const SHARED_RATE = 'sampling_frequency';
const ACCELERATION_RATE = 'in_accel_sampling_frequency';
const ROTATION_RATE = 'in_anglvel_sampling_frequency';

/** One rate for the whole chip, or one each for accelerometer and gyroscope. */
async function rateFilesOf(folder: string): Promise<readonly string[]> {
  const files = await listed(folder);
  if (files.includes(SHARED_RATE)) return [SHARED_RATE];
  return files.includes(ROTATION_RATE) ? [ACCELERATION_RATE, ROTATION_RATE] : [ACCELERATION_RATE];
}

/** @throws {SensebindError} `DEVICE_FAILED` when accelerometer and gyroscope run at different rates: a scan holds both. */
async function commonRate(folder: string, files: readonly string[]): Promise<number | undefined> {
  const rates = await Promise.all(files.map(async (file) => numberOf(await optional(path.join(folder, file)))));
  const [first, second = first] = rates;
  if (first === second) return first;
  throw new SensebindError(
    'DEVICE_FAILED',
    `expected the same rate of accelerometer and gyroscope in ${folder}, found ${rates.join(' Hz and ')} Hz`,
    'state a rateHz that both have: they stand in in_accel_sampling_frequency_available and in_anglvel_sampling_frequency_available',
  );
}

/** Names in a folder; none where there is no such folder. */
async function listed(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch((): string[] => []);
}

/** Content of a file, without the line end; `undefined` when there is none. */
async function optional(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );
}

function numberOf(text: string | undefined): number | undefined {
  const number = text === undefined || text === '' ? Number.NaN : Number(text);
  return Number.isFinite(number) ? number : undefined;
}

async function writeSetting(file: string, value: string): Promise<void> {
  try {
    await writeFile(file, value, { flag: 'r+' });
  } catch (error) {
    throw new SensebindError(
      'DEVICE_FAILED',
      `expected to write ${value} to ${file}, found: ${messageOf(error)}`,
      cureOf(messageOf(error)),
      { cause: error },
    );
  }
}

function cureOf(message: string): string {
  if (/EBUSY/.test(message)) return 'another program holds the sensor: systemctl stop iio-sensor-proxy';
  if (/EINVAL/.test(message)) return 'the sensor does not have this value; what it has stands in the file …_available';
  return 'give the user the right to write it with a udev rule, or run as root; sensebind doctor shows how';
}
