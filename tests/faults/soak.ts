import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { SensebindError } from '../../runtime/errors';
import { Engine } from '../../runtime/inference/engine';
import type { Driver } from '../../runtime/reading';
import { withCleanUp } from '../support/cleanUp';
import { startDelayingProxy } from '../support/delayingProxy';
import { ManualClock } from '../support/manualClock';
import { startMosquitto } from '../support/mosquitto';
import { motionDriver } from '../support/motionDriver';
import { startPipeline, watchRequests } from '../support/pipelineRun';
import { tinyBundle } from '../support/tinyBundle';
import { type Found, problemsOf } from './found';

const CONFIG = `
sources:
  imu0: { device: { kind: simulated-imu }, hop: 5s, labels: [house] }
  imu1: { device: { kind: simulated-imu }, hop: 5s, labels: [house] }
labels:
  house: { labels: [{ id: dog }, { id: door_bell }], background: [silence] }
fusion:
  both: { sources: { imu0: 1, imu1: 1 }, hop: 5s, tolerance: 1s, labels: [house] }
rules:
  shaken: { when: { measure: acceleration_g, of: imu0, above: 2, until: 1.5 }, minimumOff: 1s }
`;

/** Shaken for two seconds of each minute. */
const shake = (second: number): number => (second % 60 < 2 ? 40 * Math.sin(40 * second) : 0);

/** Looks at the memory this often. */
const LOOK_SECONDS = 60;

/** Handles and timers come and go by a few. */
const SPREAD = 5;

/** Of all looks, these come before everything is warm. */
const WARM_UP = 0.25;

/** What a look finds after a collection of garbage. */
interface Look {
  readonly hours: number;
  readonly residentMegabytes: number;
  readonly heldMegabytes: number;
  readonly handles: number;
  readonly timers: number;
  readonly listeners: number;
}

/**
 * Row F20: hours of a pipeline with the smallest model, as fast as the machine can: two sources, their fusion, events
 * each minute; twice an hour the connection is cut and a sensor vanishes. What would grow over days grows here.
 */
export function soak({ hours }: { readonly hours: number }): Promise<Found> {
  return withCleanUp(async (context) => {
    const tiny = await tinyBundle({ trained: true });
    context.after(() => tiny.remove());
    const broker = await startMosquitto();
    context.after(() => broker.stop());
    const network = await startDelayingProxy(broker.port, 0);
    context.after(() => network.stop());
    const clock = new ManualClock();
    const engine = await Engine.open(tiny.bundle, { clock, modalities: ['imu', 'text'] });
    context.after(() => engine.close());
    const { settled } = watchRequests(engine);
    const unplug = new Set<() => void>();
    const counts = { embedding: 0, fused: 0, detected: 0, failed: 0, connects: 0 };
    const warnings: string[] = [];
    const onWarning = ({ message }: Error): void => void warnings.push(message);
    process.on('warning', onWarning);
    context.after(async () => void process.off('warning', onWarning));
    await startPipeline(context, {
      tiny,
      engine,
      clock,
      url: network.url,
      config: CONFIG,
      drivers: { imu0: unplugged(motionDriver(clock, shake), unplug), imu1: motionDriver(clock) },
      onEvent: ({ kind, ...event }) => {
        if (kind === 'embedding' || kind === 'fused' || kind === 'detected' || kind === 'failed') counts[kind]++;
        if (kind === 'broker' && 'event' in event && 'kind' in event.event && event.event.kind === 'connected')
          counts.connects++;
      },
    });
    const looks: Look[] = [];
    const startedAt = performance.now();
    for (let second = 1; second <= hours * 3600; second++) {
      await clock.advance(1000);
      await settled();
      if (second % 1800 === 200) network.cut();
      if (second % 1800 === 300) for (const end of unplug) end();
      if (second % LOOK_SECONDS === 0) looks.push(look(second / 3600, clock));
    }
    const warm = looks.slice(Math.floor(WARM_UP * looks.length));
    const slope = (of: (look: Look) => number): number => slopePerHour(warm.map((one) => [one.hours, of(one)]));
    const residentPerHour = slope(({ residentMegabytes }) => residentMegabytes);
    const heldPerHour = slope(({ heldMegabytes }) => heldMegabytes);
    const growth = (of: (look: Look) => number): number => {
      const half = Math.floor(warm.length / 2);
      return Math.max(...warm.slice(half).map(of)) - Math.max(...warm.slice(0, half).map(of));
    };
    const [handles, timers, listeners] = [
      growth((one) => one.handles),
      growth((one) => one.timers),
      growth((one) => one.listeners),
    ];
    return {
      description:
        `${hours} h of the pipeline in ${((performance.now() - startedAt) / 1000).toFixed()} s: ${JSON.stringify(counts)}; after ` +
        `warm-up resident ${residentPerHour.toFixed(2)} MB/h (at the end ${looks.at(-1)?.residentMegabytes.toFixed()} MB), held ` +
        `${heldPerHour.toFixed(2)} MB/h, in the second half ${handles} more handles, ${timers} more timers, ${listeners} more listeners, ` +
        `${warnings.length} warnings`,
      problems: problemsOf({
        'more handles': handles > SPREAD,
        'more timers': timers > SPREAD,
        'more listeners': listeners > SPREAD,
        [`warned: ${warnings[0]}`]: warnings.length > 0,
        // A tenth of an hour says nothing of memory.
        'resident memory grows': hours >= 4 && residentPerHour > 1,
        'held memory grows': hours >= 4 && heldPerHour > 1,
        'nothing happened': counts.embedding < hours * 1000 || counts.detected < hours * 100,
      }),
    };
  });
}

/** A driver whose device vanishes when it is told to, and is there again when it is looked for. */
function unplugged(driver: Driver, unplug: Set<() => void>): Driver {
  return {
    modality: driver.modality,
    run: async (sink, signal) => {
      const gone = new AbortController();
      const end = (): void => gone.abort();
      unplug.add(end);
      await driver.run(sink, AbortSignal.any([signal, gone.signal]));
      unplug.delete(end);
      if (!signal.aborted) throw new SensebindError('DEVICE_ABSENT', 'expected a sensor, found none', 'Plug it in.');
    },
  };
}

function look(hours: number, clock: ManualClock): Look {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
  const { heapUsed, external, rss } = process.memoryUsage();
  return {
    hours,
    residentMegabytes: rss / 1e6,
    heldMegabytes: (heapUsed + external) / 1e6,
    handles: process.getActiveResourcesInfo().length,
    timers: clock.waiting,
    listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
  };
}

/** Least squares. */
function slopePerHour(points: readonly (readonly [hours: number, value: number])[]): number {
  const mean = (axis: 0 | 1): number => points.reduce((sum, point) => sum + point[axis], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const above = points.reduce((sum, [hours, value]) => sum + (hours - x) * (value - y), 0);
  const below = points.reduce((sum, [hours]) => sum + (hours - x) ** 2, 0);
  return below === 0 ? 0 : above / below;
}
