import { Engine } from '../../runtime/inference/engine';
import type { HealthMessage } from '../../runtime/mqtt/messages';
import { withCleanUp } from '../support/cleanUp';
import { ManualClock } from '../support/manualClock';
import { motionDriver } from '../support/motionDriver';
import { pass, startPipeline, watchRequests } from '../support/pipelineRun';
import { recordingBroker } from '../support/recordingBroker';
import { tinyBundle } from '../support/tinyBundle';
import { type Found, problemsOf } from './found';

const HOP_MILLIS = 200;
const BLOCKED_MILLIS = 5000;

const CONFIG = `
sources:
  imu0: { device: { kind: simulated-imu }, window: 1s, hop: ${HOP_MILLIS}ms, labels: [house] }
labels:
  house: { labels: [{ id: dog }], background: [silence] }
`;

/** Row F15: a flow that holds the event loop for 5 s, again and again; what came meanwhile is read at once afterwards. */
export function slowConsumer({ blocks }: { readonly blocks: number }): Promise<Found> {
  return withCleanUp(async (context) => {
    const tiny = await tinyBundle({ trained: true });
    context.after(() => tiny.remove());
    const clock = new ManualClock();
    const engine = await Engine.open(tiny.bundle, { clock, modalities: ['imu', 'text'] });
    context.after(() => engine.close());
    const { settled } = watchRequests(engine);
    const broker = await recordingBroker(context);
    const newest: number[] = [];
    let warned = 0;
    let reconnects = -1;
    await startPipeline(context, {
      tiny,
      engine,
      clock,
      url: broker.url,
      config: CONFIG,
      drivers: { imu0: motionDriver(clock) },
      onEvent: (event) => {
        if (event.kind === 'broker' && event.event.kind === 'connected') reconnects++;
        if (event.kind === 'blocked') warned++;
        if (event.kind === 'embedding') newest.push((clock.epochMicros() - event.embedding.endMicros) / 1000);
      },
    });
    await broker.until(({ topic }) => topic.endsWith('/status'));
    for (let block = 0; block < blocks; block++) {
      await pass(clock, 5000, settled);
      clock.sleep(BLOCKED_MILLIS);
    }
    await pass(clock, 20_000, settled);
    const beats = broker.published.filter(({ topic }) => topic.endsWith('/health'));
    const health: HealthMessage = JSON.parse(String(beats.at(-1)?.payload));
    const { windows = 0, embeddings = 0, drops = {} } = health.sources['imu0'] ?? {};
    const complete = Math.floor((health.uptime_s * 1000 - 1000) / HOP_MILLIS);
    const superseded = drops['superseded'] ?? 0;
    return {
      description:
        `event loop held ${blocks} times for ${BLOCKED_MILLIS / 1000} s: of about ${complete} windows ${windows} made, ` +
        `${embeddings} encoded, ${superseded} given up for newer ones, other drops ${JSON.stringify({ ...drops, superseded: 0 })}; the ` +
        `oldest was ${Math.max(...newest).toFixed()} ms old; ${warned} warnings, ${reconnects} reconnects`,
      problems: problemsOf({
        'drops not counted': Math.abs(windows + superseded - complete) > 2,
        'windows lost on the way': windows - embeddings > 1,
        'an old window before a newer one': Math.max(...newest) > 2 * HOP_MILLIS,
        'not one warning a block': warned !== blocks,
        reconnected: reconnects > 0,
      }),
    };
  });
}
