import { testCamera } from '../../devices/vision/testCamera';
import { type Millis, systemClock } from '../../runtime/clock';
import { deviceContext } from '../support/deviceContext';
import type { Figure } from './measure';

const WIDTH = 1920;
const HEIGHT = 1080;
const RATE_HZ = 30;
const LARGEST_SHARE_PERCENT = 10;
const TOLERANCE = 1.5;

/** Fewer pictures than this in a second show that GStreamer did not keep up: then nothing was measured. */
const SMALLEST_RATE_HZ = 24;

/** What a Full HD camera costs this process, at 30 pictures a second: reading, assembling in shared memory, times. */
export async function benchCamera({ seconds }: { readonly seconds: number }): Promise<Figure> {
  const driver = testCamera.open(
    {
      kind: 'test-camera',
      pattern: 'solid-color',
      captureWidth: WIDTH,
      captureHeight: HEIGHT,
      captureRateHz: RATE_HZ,
      width: WIDTH,
      height: HEIGHT,
      rateHz: RATE_HZ,
    },
    deviceContext(),
  );
  const stop = new AbortController();
  const ages: number[] = [];
  let lost = 0;
  let begin: { readonly micros: number; readonly usage: NodeJS.CpuUsage } | undefined;
  let end = { micros: 0, usage: process.cpuUsage() };
  await driver.run(
    {
      reading: ({ monotonicMicros }) => {
        const micros = systemClock.monotonicMicros();
        if (begin === undefined) {
          systemClock.setTimer((seconds * 1000) as Millis, () => stop.abort());
          begin = { micros, usage: process.cpuUsage() };
          return;
        }
        ages.push(micros - monotonicMicros);
        end = { micros, usage: process.cpuUsage(begin.usage) };
      },
      lost: (_, amount) => {
        lost += amount;
      },
    },
    stop.signal,
  );
  const wallMicros = end.micros - (begin?.micros ?? 0);
  const pictures = ages.length;
  const rateHz = (pictures * 1e6) / wallMicros;
  const millisEach = (end.usage.user + end.usage.system) / 1000 / pictures;
  // At the asked rate, whatever this machine had time for.
  const percent = (millisEach * RATE_HZ) / 10;
  return {
    name: `camera ${WIDTH}x${HEIGHT} at ${RATE_HZ} Hz, this process`,
    measured: `${percent.toFixed(1)} % of a core (${millisEach.toFixed(2)} ms a picture, ${rateHz.toFixed(1)} Hz, ${lost} dropped)`,
    budget: `< ${LARGEST_SHARE_PERCENT} %`,
    // A busy machine makes every instruction dearer: only what is far over the budget comes from the code.
    holds: percent < TOLERANCE * LARGEST_SHARE_PERCENT && rateHz >= SMALLEST_RATE_HZ,
    details: {
      percent,
      millisEach,
      rateHz,
      lost,
      pictures,
      medianAgeMicros: ages.sort((a, b) => a - b)[pictures >> 1] ?? 0,
    },
  };
}
