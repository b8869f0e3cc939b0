import type { Micros } from '../../runtime/clock';
import type { FrameMemory, Reading } from '../../runtime/reading';
import type { Scenario } from './scenario';
import type { Sensor } from './sensor';
import { openStream, type StreamChoice } from './stream/sensorKinds';
import { type SensorStream, stepMicros } from './stream/sensorStream';
import type { TruthSink } from './truth';
import { World } from './world';

/** One sensor of a simulated run. */
export interface SimulatedSource extends StreamChoice {
  readonly source: string;
  readonly sensor: Sensor;
}

export interface SimulateOptions {
  readonly scenario: Scenario;
  readonly sources: readonly SimulatedSource[];
  /** How much of it; a scenario from a seed never ends. */
  readonly seconds: number;
  /** The times of the world's second 0. */
  readonly start: { readonly timeMicros: Micros; readonly monotonicMicros: Micros };
  readonly memory: FrameMemory;
  /** Takes each reading, in the order in which they become complete; the next one is made when it resolves. */
  readonly reading: (reading: Reading) => void | Promise<void>;
  readonly truth?: TruthSink;
  /** Called now and then with the seconds that are done. */
  readonly progress?: (doneSeconds: number) => void;
  readonly signal?: AbortSignal;
}

interface Lane {
  readonly source: string;
  readonly stream: SensorStream;
  step: number;
}

/**
 * Makes the readings of a scenario as fast as the machine can: no clock, no waiting, nothing dropped, the same bytes each
 * time. For recordings, tests and training; a simulated device does the same in real time.
 *
 * A picture's frame is released after `reading` has resolved, unless `reading` retains it. A picture for which there is
 * no memory is left out.
 *
 * @throws what `reading` throws, and the reason of `signal` when it aborts.
 */
export async function simulateReadings(options: SimulateOptions): Promise<void> {
  const world = new World(options.scenario);
  const lanes: Lane[] = options.sources.map(({ source, sensor, ...choice }) => ({
    source,
    stream: openStream(world, sensor, { ...choice, memory: options.memory }),
    step: 0,
  }));
  const endSeconds = Math.min(options.seconds, world.timeline.lengthSeconds);
  const endMicros = Math.round(endSeconds * 1e6);
  let toldSeconds = 0;
  for (let lane = firstToComplete(lanes); lane !== undefined; lane = firstToComplete(lanes)) {
    options.signal?.throwIfAborted();
    const completeMicros = stepMicros(lane.step + 1, lane.stream.rateHz);
    if (completeMicros > endMicros) break;
    toldSeconds = tellTruth(world, { from: toldSeconds, to: completeMicros / 1e6 }, options);
    await readLane(lane, options);
    options.progress?.(completeMicros / 1e6);
  }
  tellTruth(world, { from: toldSeconds, to: endSeconds + 1e-6 }, options);
}

async function readLane(lane: Lane, { start, reading: take }: SimulateOptions): Promise<void> {
  const { stream, source, step } = lane;
  lane.step++;
  const offset = stepMicros(stream.timedBy === 'start' ? step : step + 1, stream.rateHz);
  const reading = await stream.read(step, {
    source,
    timeMicros: start.timeMicros + offset,
    monotonicMicros: start.monotonicMicros + offset,
    flags: [],
  });
  if (reading === undefined) return;
  try {
    await take(reading);
  } finally {
    if ('frame' in reading) reading.frame.release();
  }
}

/** The lane whose next reading is complete first; of several, the one that stands first. */
function firstToComplete(lanes: readonly Lane[]): Lane | undefined {
  const due = ({ step, stream }: Lane): Micros => stepMicros(step + 1, stream.rateHz);
  return lanes.reduce<Lane | undefined>((best, lane) => (best && due(best) <= due(lane) ? best : lane), undefined);
}

/** Tells what started or ended in that time; returns its end. */
function tellTruth(
  world: World,
  { from, to }: { readonly from: number; readonly to: number },
  { truth, start }: SimulateOptions,
): number {
  if (truth === undefined || to <= from) return to;
  for (const change of world.changesBetween(from, to)) {
    truth({ ...change, monotonicMicros: start.monotonicMicros + Math.round(change.atSeconds * 1e6) });
  }
  return to;
}
