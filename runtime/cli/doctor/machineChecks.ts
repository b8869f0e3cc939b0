import { readdir, readFile, statfs } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { findIioDevices } from '../../../devices/imu/iioSysfs';
import type { DeviceRoots } from '../../../devices/ports/ports';
import { formatBytes } from '../output';
import type { Finding } from './finding';

/** Less than this is soon full of recordings. */
const LITTLE_SPACE_BYTES = 2e9;

/** Resident memory with all six encoders of the published model loaded. */
const ALL_ENCODERS_BYTES = 5e9;

/** Programs that take new serial ports, or motion sensors, for themselves. */
const RIVALS: readonly { readonly program: string; readonly takes: string; readonly cure: string }[] = [
  {
    program: 'ModemManager',
    takes: 'talks to new serial ports, and so confuses the sensors on them',
    cure: 'systemctl disable --now ModemManager, unless this machine has a modem',
  },
  {
    program: 'brltty',
    takes: 'takes USB serial adapters for braille displays',
    cure: 'systemctl mask --now brltty-udev brltty, unless this machine has a braille display',
  },
  {
    program: 'iio-sensor-proxy',
    takes: 'holds the buffer of motion sensors',
    cure: 'systemctl mask --now iio-sensor-proxy',
  },
];

/** What holds for the machine as a whole. */
export async function checkMachine(roots: DeviceRoots): Promise<readonly Finding[]> {
  return [
    { kind: 'ok', what: `Node.js ${process.versions.node} on ${process.platform} ${process.arch}` },
    checkRuntime(),
    checkMemory(),
    await checkDisk(os.homedir()),
    ...(await checkRivals(roots)),
    ...(await checkIio(roots)),
  ];
}

function checkRuntime(): Finding {
  try {
    require.resolve('onnxruntime-node');
    return { kind: 'ok', what: 'onnxruntime-node is installed' };
  } catch {
    return { kind: 'problem', what: 'onnxruntime-node is missing', cure: 'npm install in the folder of this package' };
  }
}

function checkMemory(): Finding {
  const total = os.totalmem();
  const what = `${formatBytes(total)} of memory`;
  if (total >= ALL_ENCODERS_BYTES) return { kind: 'ok', what };
  return {
    kind: 'note',
    what: `${what}: the six encoders of the published model in fp32 need ${formatBytes(ALL_ENCODERS_BYTES)} together`,
    cure: 'load only the modalities that you have sensors for; without vision they need less than half',
  };
}

async function checkDisk(folder: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(folder);
  const what = `${formatBytes(bavail * bsize)} free on the disk of ${folder}`;
  if (bavail * bsize >= LITTLE_SPACE_BYTES) return { kind: 'ok', what };
  return { kind: 'note', what, cure: 'free some space before converting a checkpoint or recording' };
}

async function checkRivals({ proc }: DeviceRoots): Promise<readonly Finding[]> {
  const processes = (await readdir(proc).catch((): string[] => [])).filter((name) => /^\d+$/.test(name));
  const names = await Promise.all(processes.map((id) => readFile(path.join(proc, id, 'comm'), 'utf8').catch(() => '')));
  const running = new Set(names.map((name) => name.trim()));
  // The kernel cuts names after 15 characters.
  return RIVALS.filter(({ program }) => running.has(program.slice(0, 15))).map(({ program, takes, cure }) => ({
    kind: 'note',
    what: `${program} runs: it ${takes}`,
    cure,
  }));
}

/** Motion sensors of the kernel are set up through files that only root may write. */
async function checkIio(roots: DeviceRoots): Promise<readonly Finding[]> {
  const devices = await findIioDevices(roots);
  if (devices.length === 0 || process.getuid?.() === 0) return [];
  return devices.map(({ name }) => ({
    kind: 'note',
    what: `the motion sensor ${name} is set up through sysfs, which belongs to root`,
    cure: `let a group write it: echo 'SUBSYSTEM=="iio", RUN+="/bin/chgrp -R plugdev /sys%p", RUN+="/bin/chmod -R g+w /sys%p", GROUP="plugdev", MODE="0660"' > /etc/udev/rules.d/90-sensebind-iio.rules`,
  }));
}
