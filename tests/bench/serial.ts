import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { witmotion } from '../../devices/imu/witmotionDevice';
import { type Clock, type Millis, systemClock } from '../../runtime/clock';
import { deviceContext } from '../support/deviceContext';
import { compiled } from '../support/paths';
import type { Figure } from './measure';

const LARGEST_SHARE = 0.01;
const RATE_HZ = 200;
const WARM_UP_SECONDS = 5;

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
    await pause(systemClock, WARM_UP_SECONDS);
    const [start, before, samplesBefore] = [performance.now(), process.cpuUsage(), samples];
    await pause(systemClock, seconds);
    const micros = (performance.now() - start) * 1000;
    const { user, system } = process.cpuUsage(before);
    const share = (user + system) / micros;
    const rate = (samples - samplesBefore) / (micros / 1e6);
    return {
      name: 'WitMotion at 200 Hz over a serial port',
      measured: `${(100 * share).toFixed(2)} % of a core (${rate.toFixed()} samples/s)`,
      budget: `< ${100 * LARGEST_SHARE} %`,
      holds: share < LARGEST_SHARE && rate > 0.95 * RATE_HZ,
      details: { share, user, system, micros, rate },
    };
  } finally {
    stop.abort();
    await run;
    feeder.kill();
    await rm(scratch, { recursive: true, force: true });
  }
}

function pause(clock: Clock, seconds: number): Promise<void> {
  return new Promise((resolve) => {
    clock.setTimer((seconds * 1000) as Millis, resolve);
  });
}
