import type { Embedding } from '../../runtime/embedding';
import type { SensebindError } from '../../runtime/errors';
import type { DetectedEvent } from '../../runtime/events/detectedEvent';
import { Engine } from '../../runtime/inference/engine';
import type { EventMessage } from '../../runtime/mqtt/eventMessage';
import { validators } from '../../runtime/mqtt/messages';
import { withCleanUp } from '../support/cleanUp';
import { ManualClock } from '../support/manualClock';
import { motionDriver } from '../support/motionDriver';
import { pass, startPipeline, watchRequests } from '../support/pipelineRun';
import { recordingBroker } from '../support/recordingBroker';
import { tinyBundle } from '../support/tinyBundle';
import { type Found, problemsOf } from './found';

/** Shaken for two seconds out of ten, from the third on. */
const shake = (second: number): number => (second % 10 >= 3 && second % 10 < 5 ? 40 * Math.sin(40 * second) : 0);

const CONFIG = `
sources:
  imu0: { device: { kind: simulated-imu }, window: 1s, hop: 1s, labels: [house] }
labels:
  house: { labels: [{ id: dog }, { id: door_bell }], background: [silence] }
rules:
  shaken: { when: { measure: acceleration_g, of: imu0, above: 2, until: 1.5 }, minimumOff: 500ms, severity: alarm }
  always: { when: { label: dog, of: imu0, on: 0 } }
`;

const SECOND = 1_000_000;
const HOUR = 3600 * SECOND;

/** What happens to the wall clock, 15 s after the last. After the last but one, shakes start at instants that were. */
const JUMPS = [HOUR, -HOUR, -24 * HOUR, 0.1 * SECOND, 24 * HOUR, -60.1 * SECOND, -30 * 365 * 24 * HOUR] as const;

/** Set long ago, and never. */
const STARTS = { set: 1_700_000_000 * SECOND, '1970': 20 * SECOND } as const;

/**
 * Row F14: the wall clock jumps in the middle of windows and events, from readings to messages, which is the clock that
 * everything is given. `rounds` times all jumps.
 */
export function clockJumps({
  start,
  rounds,
}: {
  readonly start: keyof typeof STARTS;
  readonly rounds: number;
}): Promise<Found> {
  return withCleanUp(async (context) => {
    const tiny = await tinyBundle({ trained: true });
    context.after(() => tiny.remove());
    const clock = new ManualClock();
    clock.epochStartMicros = STARTS[start];
    const engine = await Engine.open(tiny.bundle, { clock, modalities: ['imu', 'text'] });
    context.after(() => engine.close());
    const { settled } = watchRequests(engine);
    const broker = await recordingBroker(context);
    const embeddings: Embedding[] = [];
    const detected: DetectedEvent[] = [];
    const failed: SensebindError[] = [];
    await startPipeline(context, {
      tiny,
      engine,
      clock,
      url: broker.url,
      config: CONFIG,
      drivers: { imu0: motionDriver(clock, shake) },
      onEvent: (event) => {
        if (event.kind === 'embedding') embeddings.push(event.embedding);
        if (event.kind === 'detected') detected.push(event.event);
        if (event.kind === 'failed') failed.push(event.error);
      },
    });
    // Every other jump in the middle of what is shaken, and of a window.
    await pass(clock, 3700, settled);
    for (let round = 0; round < rounds; round++) {
      for (const jumpMicros of JUMPS) {
        clock.epochStartMicros = Math.max(0, clock.epochStartMicros + jumpMicros);
        await pass(clock, 15_000, settled);
      }
    }
    const seconds = clock.monotonicMicros() / SECOND;
    // Longer than any event: those that go on are told as updates.
    const shaken = detected.filter(({ rule }) => rule === 'shaken');
    const begun = detected.filter(({ phase }) => phase === 'new');
    const expected = Math.floor((seconds - 3) / 10) + 1;
    await broker.until(
      ({ topic, payload }) => topic.includes('/event/') && String(payload).includes(shaken.at(-1)?.id ?? 'none'),
    );
    const messages = broker.published.filter(({ topic }) => topic.includes('/event/'));
    const durations = shaken.flatMap(({ phase, startMicros, endMicros }) =>
      phase === 'end' && endMicros !== null ? [(endMicros - startMicros) / SECOND] : [],
    );
    const lengths = new Set(embeddings.map(({ startMicros, endMicros }) => endMicros - startMicros));
    const starts = shaken.filter(({ phase }) => phase === 'new').length;
    const ids = new Set(begun.map(({ rule, id }) => `${rule} ${id}`)).size;
    const late = broker.published.filter(({ topic }) => topic.includes('/backfill/')).length;
    return {
      description:
        `wall clock jumped ${rounds * JUMPS.length} times within ${seconds.toFixed()} s (clock at first ${start}): ` +
        `${embeddings.length} windows of ${[...lengths].join(', ')} µs, ${starts} events of ${expected} shakes, ` +
        `${durations.length} ends after ${Math.min(...durations).toFixed(2)} to ${Math.max(...durations).toFixed(2)} s, ` +
        `${begun.length - ids} ids twice, ${messages.length} messages of events, ${late} taken for late, ${failed.length} failures`,
      problems: problemsOf({
        'windows of another length': lengths.size !== 1 || !lengths.has(SECOND),
        'windows missing': embeddings.length < Math.floor(seconds) - 1,
        'windows with a gap': embeddings.some(({ flags }) => flags.includes('gap')),
        'more or fewer events than shakes': starts !== expected,
        'an event of what never ends began again': begun.length !== starts + 1,
        'durations that are not those of the shakes': durations.some((duration) => duration < 1.8 || duration > 2.6),
        'an id twice': ids < begun.length,
        'messages that break the contract': messages.some(({ payload }) => !isEvent(JSON.parse(String(payload)))),
        'taken for late': late > 0,
        [`failed: ${failed[0]?.message}`]: failed.length > 0,
      }),
    };
  });
}

function isEvent(value: unknown): value is EventMessage {
  return validators['event/1'].Check(value);
}
