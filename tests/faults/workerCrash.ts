import { Engine } from '../../runtime/inference/engine';
import type { PipelineEvent } from '../../runtime/pipelineEvent';
import { withCleanUp } from '../support/cleanUp';
import { FAULTY_RUNTIME, RuntimeFaults } from '../support/faultyRuntime';
import { ManualClock } from '../support/manualClock';
import { motionDriver } from '../support/motionDriver';
import { pass, startPipeline, watchRequests } from '../support/pipelineRun';
import { recordingBroker } from '../support/recordingBroker';
import { StatusWatch } from '../support/statusWatch';
import { tinyBundle } from '../support/tinyBundle';
import { type Found, problemsOf, quantile } from './found';

const CONFIG = `
sources:
  imu0: { device: { kind: simulated-imu }, window: 1s, hop: 1s, labels: [house] }
  imu1: { device: { kind: simulated-imu }, window: 1s, hop: 1s, labels: [house] }
labels:
  house: { labels: [{ id: dog }], background: [silence] }
`;

const RESTART_MILLIS = 5000;

/**
 * Row F17, its worker half: an encoder worker that throws or exits under a pipeline of two sources, again and again with
 * quiet minutes between, and at last six times in a row. Back-off runs on the test's clock, threads start in real time.
 */
export function workerCrash({ crashes }: { readonly crashes: number }): Promise<Found> {
  return withCleanUp(async (context) => {
    const tiny = await tinyBundle({ trained: true });
    context.after(() => tiny.remove());
    const clock = new ManualClock();
    const faults = new RuntimeFaults();
    const watch = new StatusWatch();
    const { onStatus } = watch;
    const engine = await Engine.open(tiny.bundle, { clock, runtimeModule: FAULTY_RUNTIME, onStatus });
    context.after(() => engine.close());
    const broker = await recordingBroker(context);
    const events: PipelineEvent[] = [];
    const { settled } = watchRequests(engine);
    await startPipeline(context, {
      tiny,
      engine,
      clock,
      url: broker.url,
      config: CONFIG,
      drivers: { imu0: motionDriver(clock), imu1: motionDriver(clock) },
      onEvent: (event) => {
        events.push(event);
      },
    });
    const codes = (): string[] => events.flatMap((event) => (event.kind === 'failed' ? [event.error.code] : []));
    const embeddings = (): number => events.filter(({ kind }) => kind === 'embedding').length;
    const starts: number[] = [];
    let downAt = 0;
    /** The next window takes the worker down. */
    const crash = async (fault: 'crash' | 'exit'): Promise<void> => {
      faults.make(fault, 'cpu run');
      const down = watch
        .until(({ state }) => state === 'restarting' || state === 'degraded')
        .then(() => {
          downAt = performance.now();
        });
      // Two windows, one a source, are complete within a second; the first takes the worker down.
      for (let tenth = 0; tenth < 10; tenth++) await clock.advance(100);
      await down;
    };
    const recover = async (): Promise<void> => {
      const ready = watch.until(({ state }) => state === 'ready');
      await clock.advance(2000);
      await ready;
      starts.push(performance.now() - downAt);
      await settled();
    };
    await pass(clock, 2000, settled);
    for (let index = 0; index < crashes; index++) {
      await crash(index % 2 === 0 ? 'crash' : 'exit');
      await recover();
      if (index < crashes - 1) await pass(clock, 61_000, settled);
    }
    await pass(clock, 1000, settled);
    const lost = codes().filter((code) => code === 'ENGINE_WORKER_EXITED').length;
    const others = codes().length - lost;
    for (let index = 1; index < 6; index++) {
      await crash('crash');
      if (index < 5) await recover();
    }
    const whileDegraded = engine.stats();
    await pass(clock, 3000, settled);
    const refusedThen = codes().filter((code) => code === 'ENGINE_DEGRADED').length;
    const before = embeddings();
    const ready = watch.until(({ state }) => state === 'ready');
    await pass(clock, 60_000, settled);
    await ready;
    await pass(clock, 3000, settled);
    const worstMillis = quantile(starts, 1);
    return {
      description:
        `encoder worker gone ${crashes} times under two sources: ${lost} windows lost in it, ${others} superseded ` +
        `meanwhile, a new one at work within ${worstMillis.toFixed()} ms and its back-off; after six in a row ` +
        `${whileDegraded.state} (${whileDegraded.reason.slice(0, 40)}…), ${refusedThen} windows refused openly, ` +
        `${embeddings() - before} encoded from a minute later on`,
      problems: problemsOf({
        'more than one window lost by a crash': lost > crashes,
        'not degraded after six in a row': whileDegraded.state !== 'degraded',
        'silent while degraded': refusedThen === 0,
        'not at work again after a minute': embeddings() === before,
      }),
      tooSlow: problemsOf({ 'started again after 5 s': worstMillis > RESTART_MILLIS }),
    };
  });
}
