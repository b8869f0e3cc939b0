import { type Clock, type Millis, sleep } from '../../runtime/clock';
import { FramePool } from '../../runtime/frames';
import { Engine } from '../../runtime/inference/engine';
import type { ScoresMessage } from '../../runtime/mqtt/messages';
import type { PipelineEvent } from '../../runtime/pipelineEvent';
import type { Driver, Modality, Reading } from '../../runtime/reading';
import { withCleanUp } from '../support/cleanUp';
import { FAULTY_RUNTIME, type Fault, RuntimeFaults } from '../support/faultyRuntime';
import { ManualClock } from '../support/manualClock';
import { motionDriver } from '../support/motionDriver';
import { pass, startPipeline, watchRequests } from '../support/pipelineRun';
import { recordingBroker } from '../support/recordingBroker';
import { tinyBundle } from '../support/tinyBundle';
import { type Found, problemsOf } from './found';

const SOURCES = { mic0: 'audio', imu0: 'imu', cam0: 'vision', depth0: 'depth', heat0: 'thermal' } as const;

/** Any label at all would be an event. */
const CONFIG = `
sources:
${Object.entries(SOURCES)
  .map(([id, modality]) => {
    const sensor = { audio: 'microphone', imu: 'imu', vision: 'camera', depth: 'depth', thermal: 'thermal' }[modality];
    const window = modality === 'audio' || modality === 'imu' ? 'window: 1s, ' : '';
    return `  ${id}: { device: { kind: simulated-${sensor} }, ${window}hop: 500ms, labels: [house] }`;
  })
  .join('\n')}
labels:
  house: { labels: [{ id: dog }, { id: door_bell }], background: [silence] }
rules:
${Object.keys(SOURCES)
  .map((id) => `  any_${id}: { when: { label: dog, of: ${id}, on: 0 } }`)
  .join('\n')}
  hot: { when: { measure: maximum_celsius, of: heat0, above: -1000 } }
  near: { when: { measure: nearest_metres, of: depth0, below: 1000 } }
`;

/** What a sensor gives that is dead, or whose converter is out of range. */
const INPUTS = {
  zero: { audio: 0, imu: 0, vision: 0, depth: 0, thermal: 0 },
  saturated: { audio: 1, imu: 156.9, vision: 255, depth: 65.535, thermal: 655.35 },
  NaN: { audio: Number.NaN, imu: Number.NaN, vision: 0, depth: Number.NaN, thermal: Number.NaN },
  infinite: {
    audio: Number.POSITIVE_INFINITY,
    imu: Number.NEGATIVE_INFINITY,
    vision: 255,
    depth: Number.POSITIVE_INFINITY,
    thermal: Number.POSITIVE_INFINITY,
  },
} as const satisfies Record<string, Record<(typeof SOURCES)[keyof typeof SOURCES], number>>;

/** Row F21: readings that hold one value for ever. */
export function meaninglessInput(what: keyof typeof INPUTS): Promise<Found> {
  return run(`readings that are all ${what}`, {}, (clock) =>
    Object.fromEntries(
      Object.entries(SOURCES).map(([id, modality]) => [id, constantDriver(clock, modality, INPUTS[what][modality])]),
    ),
  );
}

/** Row F21: an encoder that gives vectors which are none. */
export function meaninglessVectors(fault: Extract<Fault, 'nan' | 'infinite' | 'zero'>): Promise<Found> {
  return run(`an encoder whose vectors are ${fault}`, { fault }, (clock) => ({
    ...Object.fromEntries(Object.entries(SOURCES).map(([id, modality]) => [id, constantDriver(clock, modality, 0)])),
    imu0: motionDriver(clock),
  }));
}

function run(
  what: string,
  { fault }: { readonly fault?: Fault },
  driversOf: (clock: Clock) => Readonly<Record<string, Driver>>,
): Promise<Found> {
  return withCleanUp(async (context) => {
    const tiny = await tinyBundle({ trained: true });
    context.after(() => tiny.remove());
    const clock = new ManualClock();
    const faults = new RuntimeFaults();
    const engine = await Engine.open(tiny.bundle, { clock, runtimeModule: FAULTY_RUNTIME });
    context.after(() => engine.close());
    const broker = await recordingBroker(context);
    const { settled, requests } = watchRequests(engine);
    const events: PipelineEvent[] = [];
    await startPipeline(context, {
      tiny,
      engine,
      clock,
      url: broker.url,
      config: CONFIG,
      drivers: driversOf(clock),
      onEvent: (event) => {
        events.push(event);
      },
    });
    const words = requests();
    if (fault !== undefined) faults.make(fault, 'cpu run', 1000);
    await broker.until(({ topic }) => topic.endsWith('/status'));
    await pass(clock, 3000, settled);
    const flagged = Object.keys(SOURCES).filter((id) => events.some((event) => isFlagged(event, id)));
    const begun = events.flatMap((event) => (event.kind === 'detected' ? [event.event.rule] : []));
    const scores = broker.published
      .filter(({ topic }) => topic.endsWith('/scores'))
      .map(({ payload }): ScoresMessage => JSON.parse(String(payload)));
    const claimed = scores.filter(({ k }) => k.some(({ p }) => p !== null)).map(({ src }) => src);
    const refused = events.flatMap((event) => (event.kind === 'failed' ? [`${event.source} ${event.error.code}`] : []));
    return {
      description:
        `${what}: ${requests() - words} windows, refused ${refused.length} (${[...new Set(refused)].join(', ')}), ` +
        `flagged or refused from ${flagged.length} of ${Object.keys(SOURCES).length} sources, ${claimed.length} ` +
        `messages with a probability, ${begun.length} events`,
      problems: problemsOf({
        [`labels of ${[...new Set(claimed)].join(', ')}`]: claimed.length > 0,
        [`events ${begun.join(', ')}`]: begun.some((rule) => rule.startsWith('any_')),
        [`not flagged: ${Object.keys(SOURCES).filter((id) => !flagged.includes(id))}`]:
          flagged.length < Object.keys(SOURCES).length,
      }),
    };
  });
}

/** Refused with a reason, or said to be nothing. */
function isFlagged(event: PipelineEvent, id: string): boolean {
  if (event.kind === 'failed') return event.source === id && /NOT_FINITE|INVALID/.test(event.error.code);
  return event.kind === 'embedding' && event.source === id && event.embedding.flags.includes('silent');
}

const STEP = 250 as Millis;
const WIDTH = 32;
const HEIGHT = 24;

/** Four readings a second, all of whose values are one. */
function constantDriver(clock: Clock, modality: Modality, value: number): Driver {
  const memory = new FramePool({ frames: 16, bytes: 2 ** 20 });
  return {
    modality,
    run: async (sink, signal) => {
      while (!signal.aborted) {
        await sleep(clock, STEP, signal);
        if (signal.aborted) return;
        const frame = memory.acquire(WIDTH * HEIGHT * 4);
        if (frame === undefined) throw new Error('expected memory');
        const base = {
          source: 'x',
          timeMicros: clock.epochMicros(),
          monotonicMicros: clock.monotonicMicros(),
          clockQuality: 'arrival',
          flags: [],
          width: WIDTH,
          height: HEIGHT,
          frame,
        } as const;
        sink.reading(readingOf(modality, base, value));
        frame.release();
      }
    },
  };
}

function readingOf(
  modality: Modality,
  base: Pick<Reading, 'source' | 'timeMicros' | 'monotonicMicros' | 'clockQuality' | 'flags'> & {
    readonly width: number;
    readonly height: number;
    readonly frame: NonNullable<ReturnType<FramePool['acquire']>>;
  },
  value: number,
): Reading {
  const { frame, width, height, ...times } = base;
  const samples = (count: number): Float32Array => new Float32Array(count).fill(value);
  switch (modality) {
    case 'audio':
      return { ...times, modality, sampleRateHz: 16_000, channels: [samples(4000)] };
    case 'vision':
      return { ...base, modality, rgb: new Uint8Array(frame.buffer, 0, 3 * width * height).fill(value) };
    case 'depth':
      return { ...base, modality, metres: new Float32Array(frame.buffer, 0, width * height).fill(value) };
    case 'thermal':
      return { ...base, modality, values: new Float32Array(frame.buffer, 0, width * height).fill(value), unit: 'K' };
    default: {
      const at = Float64Array.from({ length: 25 }, (_, index) => times.monotonicMicros + 10_000 * index);
      const axes = (): [Float32Array, Float32Array, Float32Array] => [samples(25), samples(25), samples(25)];
      return { ...times, modality: 'imu', sampleMicros: at, acceleration: axes(), angularVelocity: axes() };
    }
  }
}
