import { systemClock } from '../../runtime/clock';
import { Engine } from '../../runtime/inference/engine';
import { withCleanUp } from '../support/cleanUp';
import { FAULTY_RUNTIME, RuntimeFaults } from '../support/faultyRuntime';
import { motionDriver } from '../support/motionDriver';
import { startPipeline, watchRequests } from '../support/pipelineRun';
import { recordingBroker } from '../support/recordingBroker';
import { tinyBundle } from '../support/tinyBundle';
import { type Found, problemsOf, quantile } from './found';

const HOP_MILLIS = 100;

/** What one window may take is one hop of one source. */
const TIMES_SLOWER = 10;

const CONFIG = `
sources:
  imu0: { device: { kind: simulated-imu }, window: 500ms, hop: ${HOP_MILLIS}ms, labels: [house] }
  imu1: { device: { kind: simulated-imu }, window: 500ms, hop: ${HOP_MILLIS}ms, labels: [house] }
labels:
  house: { labels: [{ id: dog }], background: [silence] }
rules:
  shaken: { when: { measure: acceleration_g, of: imu0, above: 2, until: 1.5 }, minimumOff: 200ms, severity: alarm }
`;

/** Row F15: an encoder that takes ten times the hop, under two sources, while one of them is shaken each second. */
export function slowEncoder({ windows }: { readonly windows: number }): Promise<Found> {
  return withCleanUp(async (context) => {
    const tiny = await tinyBundle({ trained: true });
    context.after(() => tiny.remove());
    const faults = new RuntimeFaults();
    const engine = await Engine.open(tiny.bundle, { runtimeModule: FAULTY_RUNTIME, modalities: ['imu', 'text'] });
    context.after(() => engine.close());
    const { requests } = watchRequests(engine);
    const broker = await recordingBroker(context);
    const bySource = new Map<string, number[]>();
    const alarms: number[] = [];
    let mostWaiting = 0;
    let superseded = 0;
    let others = 0;
    let words = 0;
    const started = systemClock.monotonicMicros();
    const shake = (second: number): number => ((second - started / 1e6) % 1 > 0.8 ? 40 : 0);
    await new Promise<void>((resolve, reject) => {
      startPipeline(context, {
        tiny,
        engine,
        clock: systemClock,
        url: broker.url,
        config: CONFIG,
        drivers: { imu0: motionDriver(systemClock, shake), imu1: motionDriver(systemClock) },
        onEvent: (event) => {
          mostWaiting = Math.max(mostWaiting, ...Object.values(engine.stats().modalities).map(({ queued }) => queued));
          if (event.kind === 'failed' && event.error.code === 'REQUEST_SUPERSEDED') superseded++;
          else if (event.kind === 'failed') others++;
          if (event.kind === 'detected' && event.event.phase === 'new') {
            alarms.push((systemClock.epochMicros() - event.event.startMicros) / 1000);
          }
          if (event.kind !== 'embedding') return;
          const age = (systemClock.epochMicros() - event.embedding.endMicros) / 1000;
          bySource.set(event.source, [...(bySource.get(event.source) ?? []), age]);
          if ([...bySource.values()].flat().length >= windows) resolve();
        },
      }).then(() => {
        words = requests();
        faults.slowMillis = TIMES_SLOWER * HOP_MILLIS;
        faults.make('slow', 'cpu run', 1_000_000);
      }, reject);
    });
    const ages = [...bySource.values()].flat();
    const p95 = quantile(ages, 0.95);
    const open = requests() - words - ages.length - superseded - others;
    const seconds = (systemClock.monotonicMicros() - started) / 1e6;
    return {
      description:
        `encoder ${TIMES_SLOWER} × slower than its windows come, two sources, ${seconds.toFixed()} s: ` +
        `${requests() - words} windows, ${ages.length} encoded (${[...bySource].map(([id, of]) => `${id} ${of.length}`).join(', ')}), ` +
        `${superseded} superseded by newer ones, ${others} otherwise; at most ${mostWaiting} waiting; age of what is ` +
        `encoded: p95 ${p95.toFixed()} ms; ${alarms.length} alarms, within ${quantile(alarms, 1).toFixed()} ms of the shake`,
      problems: problemsOf({
        'more than one window a source waiting': mostWaiting > 2,
        [`${open} windows neither encoded, dropped nor under way`]: open < 0 || open > 3,
        'no drop counted': superseded === 0,
        [`${others} windows dropped for other reasons`]: others > 0,
        'one source starved': bySource.size < 2,
        'no alarm': alarms.length === 0,
      }),
      tooSlow: problemsOf({
        'older than two turns of both sources': p95 > 4 * TIMES_SLOWER * HOP_MILLIS,
        'alarms starved': quantile(alarms, 1) > 500,
      }),
    };
  });
}
