/**
 * What function nodes of a measured Node-RED find in their global context (tests/support/nodeRedProgram.ts): pictures to
 * send, readings to play, and what was measured.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { ORIGIN, type Origin, readingPayload } from '../../../nodes/shared/payloads';
import { systemClock } from '../../../runtime/clock';
import type { ReadingSink, VisionReading } from '../../../runtime/reading';
import { fasterClock } from '../../support/fasterClock';
import { loopedDrivers } from '../loopedReadings';

export { look } from '../../support/nodeRedProbe';

const WIDTH = 1920;
const HEIGHT = 1080;
const memory = new SharedArrayBuffer(3 * WIDTH * HEIGHT);

const PICTURE: VisionReading = {
  ...{ modality: 'vision', source: 'cam0', clockQuality: 'arrival', flags: [], timeMicros: 0, monotonicMicros: 0 },
  ...{ width: WIDTH, height: HEIGHT, rgb: new Uint8Array(memory) },
  frame: { buffer: memory, retain: () => PICTURE.frame, release: () => undefined },
};

/** A message with a picture of a camera, or with next to nothing. */
export function message(hasPicture: boolean): object {
  return { topic: 'cam0', payload: hasPicture ? readingPayload(PICTURE) : 1 };
}

let count = 0;
let began: Cost | undefined;

/** Milliseconds, on the wall and of the main thread alone: on a machine that does nothing else they are the same. */
export interface Cost {
  readonly wall: number;
  readonly main: number;
}

/** Called by the last of some nodes for each message; what `rounds` of them cost, after some to warm up. */
export function round({ rounds, warmUp }: { readonly rounds: number; readonly warmUp: number }): Cost | undefined {
  count++;
  if (count === warmUp) began = now();
  if (count < warmUp + rounds || began === undefined) return undefined;
  const ended = now();
  return { wall: ended.wall - began.wall, main: ended.main - began.main };
}

function now(): Cost {
  const { user, system } = process.threadCpuUsage();
  return { wall: performance.now(), main: (user + system) / 1000 };
}

/** Sends what was simulated before (loopedReadings.ts), so many times as fast, until the process ends. */
export async function play(
  { file, times, sources }: { readonly file: string; readonly times: number; readonly sources: readonly string[] },
  send: (message: object) => void,
): Promise<void> {
  const clock = times === 1 ? systemClock : fasterClock(times);
  const drivers = await loopedDrivers(file, clock);
  const sink: ReadingSink = {
    reading: (reading) => {
      const { source, modality, monotonicMicros, timeMicros: epochMicros } = reading;
      const origin: Origin = { kind: 'reading', source, modality, at: { monotonicMicros, epochMicros } };
      send({ topic: source, payload: readingPayload(reading), [ORIGIN]: origin });
    },
    lost: () => undefined,
  };
  const never = new AbortController().signal;
  await Promise.all(sources.map((source) => drivers[source]?.run(sink, never)));
}

let delay: ReturnType<typeof monitorEventLoopDelay> | undefined;

/** What held up the event loop since the last call, in milliseconds. */
export function loopDelay(): { readonly p99: number; readonly largest: number } {
  const p99 = (delay?.percentile(99) ?? 0) / 1e6;
  const largest = (delay?.max ?? 0) / 1e6;
  delay?.disable();
  delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  return { p99, largest };
}
