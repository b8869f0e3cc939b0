import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { compiled } from '../support/paths';
import type { Figure } from './measure';
import type { Stretch } from './programs/witmotionReader';

const LARGEST_SHARE = 0.01;
const RATE_HZ = 200;

/** Until the driver's code is compiled, which a service that runs for years has long behind it. */
const WARM_UP_SECONDS = 20;

/** The quietest of some stretches counts: a busy machine makes every instruction dearer. */
const STRETCHES = 4;

/**
 * What a WitMotion sensor at 200 Hz (four packets a sample, 8.8 KB/s) costs a process, from the kernel's serial port
 * through serialport to readings. The sensor and the driver have a process each; a third one does nothing but wake up as
 * often, at the same time: that part of the cost is Node's and the kernel's.
 */
export async function benchSerial({
  folder,
  seconds,
}: {
  readonly folder: string;
  readonly seconds: number;
}): Promise<Figure> {
  const scratch = await mkdtemp(path.join(folder, 'serial-'));
  const link = path.join(scratch, 'device');
  const sensor = start('witmotionSensor', link, String(RATE_HZ));
  const stretchSeconds = seconds / STRETCHES;
  try {
    await once(sensor.stdout, 'data');
    const [driver, empty] = await Promise.all([stretchesOf(link, stretchSeconds), stretchesOf('-', stretchSeconds)]);
    const share = smallestShare(driver);
    const emptyShare = smallestShare(empty);
    const rate = Math.min(...driver.map(({ samplesPerSecond }) => samplesPerSecond));
    return {
      name: 'WitMotion at 200 Hz over a serial port',
      measured: `${percent(share)} % of a core (an empty timer: ${percent(emptyShare)} %; ${rate.toFixed()} samples/s)`,
      budget: `< ${100 * LARGEST_SHARE} %`,
      holds: share < LARGEST_SHARE && rate > 0.95 * RATE_HZ,
      details: { share, emptyShare, largestShare: Math.max(...driver.map((stretch) => stretch.share)), rate },
    };
  } finally {
    await end(sensor);
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Some stretches of a process that reads from `link`, once it is warm. */
async function stretchesOf(link: string, seconds: number): Promise<readonly Stretch[]> {
  const warmUp = Math.ceil(WARM_UP_SECONDS / seconds);
  const reader = start('witmotionReader', link, String(seconds));
  const found: Stretch[] = [];
  try {
    for await (const line of createInterface({ input: reader.stdout })) {
      // Written by our own program.
      found.push(JSON.parse(line) as Stretch);
      if (found.length === warmUp + STRETCHES) return found.slice(warmUp);
    }
    throw new Error(`${link}: the reader ended after ${found.length} stretches`);
  } finally {
    await end(reader);
  }
}

function smallestShare(stretches: readonly Stretch[]): number {
  return Math.min(...stretches.map(({ share }) => share));
}

function percent(share: number): string {
  return (100 * share).toFixed(2);
}

function start(program: string, ...args: readonly string[]) {
  return spawn(process.execPath, [compiled(`tests/bench/programs/${program}`), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill();
  await exited;
}
