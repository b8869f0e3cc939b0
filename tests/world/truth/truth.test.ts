import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { openOutput } from '../../../devices/recording/outputFile';
import { RecordingWriter } from '../../../devices/recording/recordingWriter';
import { replayInLockStep } from '../../../devices/recording/replay';
import { parseScenario } from '../../../devices/simulated/scenario';
import { seededScenario } from '../../../devices/simulated/sharedWorld';
import { simulateReadings } from '../../../devices/simulated/simulateReadings';
import type { Truth } from '../../../devices/simulated/truth';
import type { Config } from '../../../runtime/config/config';
import { FramePool } from '../../../runtime/frames';
import type { Fused } from '../../../runtime/fusion/group';
import { Pipeline } from '../../../runtime/pipeline';
import type { PipelineEvent } from '../../../runtime/pipelineEvent';
import { recordingBroker } from '../../support/recordingBroker';
import { openOutbox } from '../../support/spoolFolder';
import { temporaryFolder } from '../../support/temporaryFolder';
import { FedSource } from './fedSource';
import { type Play, playScenario, sensorOf, simulatedSourcesOf } from './playScenario';
import { truthConfig } from './truthConfig';
import { openStage, runTruth, START } from './truthRun';

describe('the pipeline before a simulated world', () => {
  it('finds what really happens in three worlds of 45 seconds', async () => {
    const { together } = await runTruth({ seed: 21, scenarios: 3, seconds: 45 });
    assert.ok(together.happened >= 7, 'enough happens');
    assert.ok(together.recall.value >= 0.8, `recall ${together.recall.value}`);
    assert.ok(together.falseAlarms <= 1, `${together.falseAlarms} false alarms`);
  });

  it('publishes the same bytes whether anybody hears the truth or not', async (context) => {
    const heard: Truth[] = [];
    const withTruth = await published(context, { truth: (truth) => heard.push(truth) });
    const without = await published(context, {});
    assert.ok(heard.length > 0, 'there was a truth to hear');
    assert.ok(
      [...withTruth.keys()].some((topic) => topic.includes('/event/')),
      'events are among the messages',
    );
    assert.deepEqual(withTruth, without);
  });

  it('says openly that a sensor is unplugged, knows less, and recovers', async () => {
    const { config } = await truthConfig();
    await using stage = await openStage(config);
    const fused: Fused[] = [];
    const startMicros = await playScenario(stage, {
      scenario: parseScenario(
        'version: 1\nseed: 3\nlength: 45\nevents: [{ at: 1, event: hot_stove, strength: 0.6, across: 0, away: 0.3 }]',
        'test',
      ),
      seconds: 45,
      onEvent: (event) => {
        if (event.kind === 'fused') fused.push(event.fused);
      },
      atSecond: (second, sources) => {
        if (second === 12) sources.get('heat0')?.unplug();
        if (second === 30) sources.get('heat0')?.plugIn();
      },
    });
    const between = (from: number, to: number): readonly Fused[] =>
      fused.filter(({ monotonicEndMicros }) => {
        const seconds = (monotonicEndMicros - startMicros) / 1e6;
        return from <= seconds && seconds < to;
      });
    const before = between(7, 12);
    // What it saw last counts for ten seconds more, less and less.
    const unplugged = between(24, 29);
    const after = between(38, 44);
    for (const [name, windows, missing] of [
      ['before', before, []],
      ['unplugged', unplugged, ['heat0']],
      ['after', after, []],
    ] as const) {
      assert.ok(windows.length >= 4, name);
      for (const window of windows) assert.deepEqual(window.missing, missing, name);
      for (const { flags } of windows) assert.equal(flags.includes('source-missing'), missing.length > 0, name);
    }
    assert.ok(between(13, 22).some(({ flags }) => flags.includes('stale')));
    const score = (windows: readonly Fused[]): number => meanProbability(windows, 'hot_stove');
    assert.ok(score(unplugged) < score(before) - 0.02, `${score(before)} before, ${score(unplugged)} unplugged`);
    assert.ok(Math.abs(score(after) - score(before)) < 0.05, `${score(before)} before, ${score(after)} after`);
  });

  it('makes the same events of the same recording, twice', async (context) => {
    const folder = await temporaryFolder(context);
    const { config } = await truthConfig();
    await record(folder, config);
    const first = await replayed(context, folder, config);
    const second = await replayed(context, folder, config);
    const kinds = new Set(first.map(({ kind }) => kind));
    for (const kind of ['embedding', 'scores', 'fused', 'detected'] as const) assert.ok(kinds.has(kind), kind);
    assert.deepEqual(first, second);
  });
});

/** All that reaches a broker, by topic, without what is new with each start: boot id, use of memory. */
async function published(context: TestContext, play: Partial<Play>): Promise<ReadonlyMap<string, readonly string[]>> {
  const broker = await recordingBroker(context);
  const { config } = await truthConfig();
  const whole: Config = {
    ...config,
    broker: { ...config.broker, url: broker.url },
    publish: { ...config.publish, embeddings: { ...config.publish.embeddings, enabled: true } },
  };
  await using stage = await openStage(whole);
  await playScenario(stage, {
    scenario: seededScenario(2),
    seconds: 14,
    waitsForBroker: true,
    onEvent: () => undefined,
    ...play,
  });
  const byTopic = new Map<string, string[]>();
  for (const { topic, payload } of broker.published) {
    if (topic.endsWith('/health')) continue;
    const text = payload.toString('latin1').replaceAll(BOOT, 'boot');
    byTopic.set(topic, [...(byTopic.get(topic) ?? []), text]);
  }
  return byTopic;
}

/** As `ulid` writes it. */
const BOOT = /[0-9A-HJKMNP-TV-Z]{26}/g;

function meanProbability(windows: readonly Fused[], label: string): number {
  const values = windows.map(
    ({ scores }) => scores[0]?.labels.find((one) => one.label === label)?.probability ?? Number.NaN,
  );
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

const RECORDED_SECONDS = 16;

/** Records what five sensors see, without devices: each reading is logged when it is complete. */
async function record(folder: string, config: Config): Promise<void> {
  const start = { monotonicMicros: 1_000_000, timeMicros: START.epochMicros + 1_000_000 };
  const writer = new RecordingWriter(
    {
      folder,
      limits: { segmentBytes: 2 ** 30, segmentMicros: 3600e6, totalBytes: 2 ** 31 },
      session: 'truth',
      epochMinusMonotonicMicros: START.epochMicros,
      library: 'sensebind test',
      configuration: '{}',
    },
    openOutput,
  );
  let lastMicros = 0;
  await simulateReadings({
    scenario: seededScenario(2),
    sources: simulatedSourcesOf(config),
    seconds: RECORDED_SECONDS,
    start,
    memory: new FramePool({ frames: 8, bytes: 2 ** 24 }),
    reading: (reading) => {
      lastMicros = Math.max(lastMicros, reading.timeMicros);
      if (!('frame' in reading)) return writer.write({ kind: 'reading', reading }, lastMicros);
      const { frame: _frame, ...rest } = reading;
      writer.write({ kind: 'reading', reading: rest }, lastMicros);
    },
  });
  writer.close();
}

/** Everything that a pipeline makes of a recording in lock step, as it would publish it. */
async function replayed(context: TestContext, folder: string, config: Config): Promise<readonly PipelineEvent[]> {
  await using stage = await openStage(config);
  const { clock, bundle, engine } = stage;
  const events: PipelineEvent[] = [];
  const sources = new Map(config.sources.map((source) => [source.id, new FedSource(source.id, sensorOf(source))]));
  const pipeline = await Pipeline.create({
    ...{ config, bundle, engine, clock, version: 'test' },
    access: { url: config.broker.url, clientId: 'test' },
    outbox: await openOutbox(context, { clock }),
    sources: config.sources.map((source) => ({ config: source, source: sources.get(source.id)! })),
    onEvent: (event) => {
      if (event.kind !== 'broker' && event.kind !== 'spool') events.push(event);
    },
  });
  pipeline.start();
  const memory = new FramePool({ frames: 8, bytes: 2 ** 24 });
  await replayInLockStep(folder, { memory, clock }, async (item) => {
    if (item.kind !== 'reading') return;
    sources.get(item.reading.source)?.feed(item.reading);
    await pipeline.settled();
  });
  await pipeline.stop();
  return events;
}
