/**
 * `node witmotionReader.js LINK SECONDS`: runs the driver on a serial port, in a process that does nothing else. Prints
 * one JSON object for each stretch of so many seconds, until it is killed. Without a port (`-` as LINK) it prints what an
 * empty timer costs that wakes up as often.
 */
import { witmotion } from '../../../devices/imu/witmotionDevice';
import { type Millis, systemClock } from '../../../runtime/clock';
import type { ReadingSink } from '../../../runtime/reading';
import { deviceContext } from '../../support/deviceContext';

/** How often the driver wakes up. */
const EMPTY_TIMER = 40 as Millis;

/** What one stretch cost. */
export interface Stretch {
  /** Of a core, user and system time of all threads. */
  readonly share: number;
  readonly samplesPerSecond: number;
}

function main(link: string, seconds: number): void {
  let samples = 0;
  if (link === '-') setInterval(() => undefined, EMPTY_TIMER);
  else {
    const driver = witmotion.open({ kind: 'witmotion', path: link, baudRate: 115_200 }, deviceContext());
    const sink: ReadingSink = {
      reading: (reading) => {
        if (reading.modality === 'imu') samples += reading.sampleMicros.length;
      },
      lost: () => undefined,
    };
    void driver.run(sink, new AbortController().signal);
  }
  const stretch = (): void => {
    const before = { millis: performance.now(), usage: process.cpuUsage(), samples };
    systemClock.setTimer((seconds * 1000) as Millis, () => {
      const { user, system } = process.cpuUsage(before.usage);
      const millis = performance.now() - before.millis;
      const samplesPerSecond = ((samples - before.samples) * 1000) / millis;
      const found: Stretch = { share: (user + system) / 1000 / millis, samplesPerSecond };
      console.log(JSON.stringify(found));
      stretch();
    });
  };
  stretch();
}

main(process.argv[2] ?? '-', Number(process.argv[3]));
