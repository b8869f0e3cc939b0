/**
 * `node measuredNode.js WHAT PHASES BROKER_URL READINGS SECONDS`: a node with eight sources at their usual rates, which
 * read what is in a file (loopedReadings.ts). WHAT is `model` (the shipped bundle) or `empty` (every encoder answers at
 * once), PHASES as eightSources.ts has them. Prints one {@link NodeReport} as JSON after so many seconds, the time to warm up
 * not counted.
 */
import { type Micros, type Millis, systemClock } from '../../../runtime/clock';
import { EventLoopDelay } from '../../../runtime/eventLoopDelay';
import type { EncodeTimings, Engine } from '../../../runtime/inference/engine';
import type { Pipeline } from '../../../runtime/pipeline';
import { machineMicros } from '../machineMicros';
import { openNode } from '../openNode';

/**
 * Until models are loaded and code is compiled, which a service that runs for years has long behind it. With eight windows
 * a second, what a window needs is machine code after about a minute; before, all of it takes longer.
 */
const WARM_UP_SECONDS = { model: 60, empty: 8 };

/** What a stretch of a node's life cost. */
export interface NodeReport {
  /** Of a core, all threads. */
  readonly share: number;
  /** Of a core, the main thread alone. */
  readonly mainShare: number;
  readonly loopDelayP99Millis: number;
  readonly residentMegabytes: number;
  /** Complete within that stretch. */
  readonly windows: readonly MeasuredWindow[];
  /** By reason, of all sources. */
  readonly drops: Readonly<Record<string, number>>;
}

/** A window that became an embedding; times as machineMicros.ts has them. */
export interface MeasuredWindow {
  readonly source: string;
  /** At which it ends: `t1` of its messages, wall time. */
  readonly endMicros: Micros;
  readonly completeMicros: Micros;
  /** Given to the worker's thread. */
  readonly startedMicros: Micros;
  /** Being preprocessed and in the model: how long. */
  readonly encodingMicros: Micros;
  /** The main thread had its embedding. */
  readonly answeredMicros: Micros;
}

/** What a lane adds to the time at which a window is complete, to have the latest start of its encoder (runtime/lane.ts). */
const LATEST_START_MICROS = 5_000_000;

async function main([what = '', phases = '', url = '', readings = '', seconds = '']: readonly string[]): Promise<void> {
  const { engine, pipeline, close } = await openNode({
    url,
    readings,
    clock: systemClock,
    withModel: what === 'model',
    phases: phases === 'apart' ? 'apart' : 'together',
    state: process.env['XDG_STATE_HOME'] ?? '',
  });
  const windows = watchWindows(engine);
  pipeline.start();
  await pause(1000 * (what === 'model' ? WARM_UP_SECONDS.model : WARM_UP_SECONDS.empty));
  const beganMicros = machineMicros();
  const cost = await stretch(1000 * Number(seconds));
  const measured = windows.filter(({ completeMicros }) => completeMicros >= beganMicros);
  const report: NodeReport = { ...cost, windows: measured, drops: dropsOf(pipeline) };
  console.log(JSON.stringify(report));
  await close();
}

/** Stands between the lanes and their encoders; fills while the node runs. */
function watchWindows(engine: Engine): readonly MeasuredWindow[] {
  const windows: MeasuredWindow[] = [];
  const encode = engine.encode.bind(engine);
  engine.encode = (modality, input, request = {}) => {
    const { source, endMicros = 0, deadlineMicros, onTimings } = request;
    if (source === undefined || deadlineMicros === undefined) return encode(modality, input, request);
    const submittedMicros = machineMicros();
    const ageMicros = systemClock.monotonicMicros() - (deadlineMicros - LATEST_START_MICROS);
    return encode(modality, input, {
      ...request,
      onTimings: (timings: EncodeTimings) => {
        windows.push({
          source,
          endMicros,
          completeMicros: submittedMicros - ageMicros,
          startedMicros: submittedMicros + timings.waitingMicros,
          encodingMicros: timings.preprocessingMicros + timings.forwardMicros,
          answeredMicros: machineMicros(),
        });
        onTimings?.(timings);
      },
    });
  };
  return windows;
}

async function stretch(millis: number): Promise<Omit<NodeReport, 'windows' | 'drops'>> {
  const delay = new EventLoopDelay();
  delay.start();
  const before = { millis: performance.now(), all: process.cpuUsage(), main: process.threadCpuUsage() };
  await pause(millis);
  const wallMicros = 1000 * (performance.now() - before.millis);
  const all = process.cpuUsage(before.all);
  const main = process.threadCpuUsage(before.main);
  delay.stop();
  return {
    share: (all.user + all.system) / wallMicros,
    mainShare: (main.user + main.system) / wallMicros,
    loopDelayP99Millis: delay.take().p99Micros / 1000,
    residentMegabytes: process.memoryUsage.rss() / 1e6,
  };
}

function dropsOf(pipeline: Pipeline): Readonly<Record<string, number>> {
  const all: Record<string, number> = {};
  for (const { drops } of Object.values(pipeline.stats().sources)) {
    for (const [reason, count] of Object.entries(drops)) all[reason] = (all[reason] ?? 0) + count;
  }
  return all;
}

function pause(millis: number): Promise<void> {
  return new Promise((resolve) => systemClock.setTimer(millis as Millis, resolve));
}

void main(process.argv.slice(2));
