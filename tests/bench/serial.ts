import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { witmotion } from '../../devices/imu/witmotionDevice';
import { type Millis, systemClock } from '../../runtime/clock';
import { deviceContext } from '../support/deviceContext';
import { compiled } from '../support/paths';
import type { Figure } from './measure';

/** The budget. It is not met yet: 1.3 to 2.0 % on two quiet cores, of which an empty timer takes 0.3 to 0.8 %. */
const BUDGET_SHARE = 0.01;

/** Catches getting slower. */
const LARGEST_SHARE = 0.04;
const RATE_HZ = 200;
const WARM_UP_SECONDS = 10;

/** The quietest of some stretches counts: a busy machine makes every instruction dearer. */
const STRETCHES = 3;

/** How often the driver wakes up. */
const EMPTY_TIMER = 40 as Millis;

/**
 * What a WitMotion sensor at 200 Hz (four packets a sample, 8.8 KB/s) costs this process, from the kernel's serial port
 * through serialport to readings. The sensor is a process of its own.
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
  const feeder = spawn(process.execPath, [compiled('tests/bench/programs/witmotionSensor'), link, String(RATE_HZ)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => feeder.stdout.once('data', resolve));
  const stop = new AbortController();
  let samples = 0;
  const driver = witmotion.open({ kind: 'witmotion', path: link, baudRate: 115_200 }, deviceContext());
  const run = driver.run(
    {
      reading: (reading) => {
        if (reading.modality === 'imu') samples += reading.sampleMicros.length;
      },
      lost: () => undefined,
    },
    stop.signal,
  );
  try {
    await pause(WARM_UP_SECONDS);
    const shares: number[] = [];
    const start = { samples, millis: performance.now() };
    for (let stretch = 0; stretch < STRETCHES; stretch++) shares.push(await cpuShare(seconds / STRETCHES));
    const rate = (samples - start.samples) / ((performance.now() - start.millis) / 1000);
    const share = Math.min(...shares);
    stop.abort();
    await run;
    const timer = setInterval(() => undefined, EMPTY_TIMER);
    const emptyShare = await cpuShare(seconds / STRETCHES);
    clearInterval(timer);
    return {
      name: 'WitMotion at 200 Hz over a serial port',
      measured: `${(100 * share).toFixed(2)} % of a core (an empty timer: ${(100 * emptyShare).toFixed(2)} %; ${rate.toFixed()} samples/s)`,
      budget: `< ${100 * LARGEST_SHARE} % (goal ${100 * BUDGET_SHARE} %)`,
      holds: share < LARGEST_SHARE && rate > 0.95 * RATE_HZ,
      details: { share, emptyShare, largestShare: Math.max(...shares), rate },
    };
  } finally {
    stop.abort();
    await run;
    feeder.kill();
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Share of a core that this process takes for some seconds. */
async function cpuShare(seconds: number): Promise<number> {
  const [start, before] = [performance.now(), process.cpuUsage()];
  await pause(seconds);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / (performance.now() - start);
}

function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => {
    systemClock.setTimer((seconds * 1000) as Millis, resolve);
  });
}
